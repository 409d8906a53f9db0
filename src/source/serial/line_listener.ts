// A port that is only listened to: opened and locked as for capture, its DTR and RTS up, set to what
// its line seems to be, and read. What comes is handed on, and recorded nowhere.

import { basename } from "node:path";
import type { Clock } from "../../platform/clock.ts";
import { type Libc, POLLERR, POLLHUP, POLLNVAL } from "../../platform/libc.ts";
import { deviceHolders, visible } from "./device_holder.ts";
import type { PollLoop } from "./poll_loop.ts";
import type { SerialLine } from "./serial_line.ts";
import { PortBusy, SerialPort } from "./serial_port.ts";

const bufferBytes = 4096;

/** Of what waits in the kernel, so much can be read at once; the next comes up a moment later. */
const readableBytes = 4095;
const momentMs = 50;

/** Most that is read before others have their turn. */
const turnReads = 16;

export interface LineListenerOptions {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly device: string;
  /** Says what the port is to be set to. */
  readonly line: SerialLine;
}

export class LineListener implements Disposable {
  readonly port: SerialPort;
  /** Bytes that had come before it was opened, at whatever settings: they say nothing of the line. */
  readonly waitedBytes: number;
  readonly #line: SerialLine;
  readonly #buffer = new Uint8Array(bufferBytes);

  /**
   * Opens the port, unless any other process has it open, whether that has locked it or not: two
   * readers take bytes from each other.
   * @throws {PortBusy}
   * @throws {SystemError} as `SerialPort.open`
   */
  static async open({ libc, clock, device, line }: LineListenerOptions): Promise<LineListener> {
    refuseInUse(libc, device);
    const port = SerialPort.open(libc, device, { ...line.receiver, flowControl: false });
    let waitedBytes = 0;
    for (let count = readableBytes; count >= readableBytes; waitedBytes += count) {
      if (waitedBytes > 0) await clock.delay(momentMs);
      count = readAll(port);
    }
    line.opened(line.receiver);
    return new LineListener(port, line, waitedBytes);
  }

  private constructor(port: SerialPort, line: SerialLine, waitedBytes: number) {
    this.port = port;
    this.#line = line;
    this.waitedBytes = waitedBytes;
  }

  /**
   * Hands on what is read, which is to be pushed into the line in that turn and is only valid during
   * it, until `signal` aborts (`stopped`) or the device is gone. At most once.
   */
  async listen(options: {
    readonly loop: PollLoop;
    readonly heard: (bytes: Uint8Array) => void;
    readonly signal: AbortSignal;
  }): Promise<"stopped" | "gone"> {
    const { loop, heard, signal } = options;
    const ended = Promise.withResolvers<"stopped" | "gone">();
    const entry = loop.add(this.port.fd, (events) => {
      const isEmpty = this.#readTurn(heard);
      const isGone = isEmpty === null ||
        isEmpty && (events & (POLLERR | POLLHUP | POLLNVAL)) !== 0;
      if (isGone) ended.resolve("gone");
    }, ended.reject);
    const stop = (): void => ended.resolve("stopped");
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      return await ended.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      await entry.remove();
    }
  }

  /** Gives the port back as it was found. */
  [Symbol.dispose](): void {
    this.port.close();
  }

  /** Whether all that waited was read; `null` when the device is gone. */
  #readTurn(heard: (bytes: Uint8Array) => void): boolean | null {
    for (let reads = 0; reads < turnReads; reads++) {
      const count = this.port.read(this.#buffer);
      if (count === "gone") return null;
      if (count === "would block") {
        this.#applyAsked();
        return true;
      }
      heard(this.#buffer.subarray(0, count));
    }
    return false;
  }

  /** Only when nothing waits that was received at the present setting. */
  #applyAsked(): void {
    const { asked } = this.#line;
    if (asked !== null && this.port.apply({ ...asked, flowControl: false })) {
      this.#line.applied(asked);
    }
  }
}

/** Reads what waits, and returns how many bytes that was. */
function readAll(port: SerialPort): number {
  const buffer = new Uint8Array(bufferBytes);
  let taken = 0;
  while (port.waiting() > 0) {
    const count = port.read(buffer);
    if (typeof count !== "number") break;
    taken += count;
  }
  return taken;
}

/** Only for ports of the kernel's: whoever makes a pseudo-terminal has both ends of it open. */
function refuseInUse(libc: Libc, device: string): void {
  const target = visible(() => libc.realPath(device));
  if (target === undefined) return;
  const isListed = visible(() => libc.list(`/sys/class/tty/${basename(target)}`)) !== undefined;
  if (isListed && deviceHolders(libc, device).length > 0) {
    throw new PortBusy(`open ${device}: open in another process`);
  }
}
