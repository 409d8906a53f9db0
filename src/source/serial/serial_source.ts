// A serial port as a source: opened, read, and opened again whenever its device comes back. What
// happens on the way is told to the handler; nothing here ever gives up.

import { type Backoff, backoffMs } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Libc, POLLERR, POLLHUP, POLLNVAL } from "../../platform/libc.ts";
import type { Source, SourceHandler } from "../source.ts";
import { DeviceWatch } from "./device_watch.ts";
import {
  formatSettings,
  type LineSettings,
  startingSettings,
  type WantedSettings,
} from "./line_settings.ts";
import { openProblem, readProblem } from "./open_problem.ts";
import type { PollEntry, PollLoop } from "./poll_loop.ts";
import { SerialPort } from "./serial_port.ts";

/** Most that is read from one port before the others have their turn. */
const turnBytes = 64 * 1024;

/** A port that stays open for less is not opened again at once, but with backoff. */
const steadyMs = 1000;

export interface SerialSourceOptions {
  readonly device: string;
  readonly wanted: WantedSettings;
  /** What worked on this port the last time. */
  readonly remembered: LineSettings | undefined;
  readonly backoff: Backoff;
  readonly libc: Libc;
  readonly loop: PollLoop;
  readonly clock: Clock;
}

export class SerialSource implements Source {
  readonly name: string;
  readonly #options: SerialSourceOptions;
  readonly #stop = new AbortController();
  #port: SerialPort | null = null;
  #entry: PollEntry | null = null;
  #settings: LineSettings | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(options: SerialSourceOptions) {
    this.#options = options;
    this.name = options.device;
  }

  /** Settings of the port while it is open, and afterwards those it had. */
  get settings(): LineSettings | undefined {
    return this.#settings;
  }

  get hasBytes(): boolean {
    return this.#port !== null && this.#port.waiting() > 0;
  }

  start(handler: SourceHandler): void {
    this.#done = this.#run(handler);
  }

  resume(): void {
    this.#entry?.resume();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(handler: SourceHandler): Promise<void> {
    const { device, libc, loop, clock, backoff } = this.#options;
    const signal = this.#stop.signal;
    const watch = new DeviceWatch({ libc, loop, device });
    let failures = 0;
    let lastMessage = "";
    while (!signal.aborted) {
      const changed = watch.changed();
      const port = this.#open((error) => {
        const problem = openProblem(libc, device, error);
        if (problem.message !== lastMessage) handler.unavailable(problem);
        lastMessage = problem.message;
      });
      if (port !== null) {
        lastMessage = "";
        const openedMs = clock.monotonicMs();
        try {
          const gone = await this.#read(port, handler);
          if (gone) handler.closed();
        } catch (error) {
          // A mistake in what the handler does: it must not end the loop that all ports share.
          handler.unavailable(readProblem(device, error));
        }
        if (clock.monotonicMs() - openedMs >= steadyMs) failures = 0;
      }
      if (signal.aborted) break;
      failures += 1;
      await this.#pause(backoffMs(backoff, failures), changed);
    }
    await watch.close();
  }

  /** Waits for a time, or until something has changed or the source is stopped. */
  async #pause(ms: number, changed: Promise<void>): Promise<void> {
    const signal = this.#stop.signal;
    const over = new AbortController();
    const finish = (): void => over.abort();
    changed.then(finish);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
    await this.#options.clock.delay(ms, over.signal);
    signal.removeEventListener("abort", finish);
  }

  #open(failed: (error: unknown) => void): SerialPort | null {
    const { libc, device, wanted, remembered } = this.#options;
    try {
      const port = SerialPort.open(
        libc,
        device,
        startingSettings(wanted, this.#settings ?? remembered),
      );
      this.#settings = port.settings;
      return port;
    } catch (error) {
      failed(error);
      return null;
    }
  }

  /** Reads until the device is gone (true) or the source is stopped (false), then closes it. */
  async #read(port: SerialPort, handler: SourceHandler): Promise<boolean> {
    const { loop, clock } = this.#options;
    const signal = this.#stop.signal;
    const ended = Promise.withResolvers<boolean>();
    const entry = loop.add(port.fd, (events) => {
      try {
        const result = readTurn(port, handler, clock);
        if (result === "refused") entry.pause();
        const gone = result === "gone" ||
          result === "empty" && (events & (POLLERR | POLLHUP | POLLNVAL)) !== 0;
        if (gone) ended.resolve(true);
      } catch (error) {
        ended.reject(error);
      }
    });
    const stop = (): void => ended.resolve(false);
    signal.addEventListener("abort", stop);
    this.#port = port;
    this.#entry = entry;
    if (signal.aborted) stop();
    try {
      handler.opened(formatSettings(port.settings));
      const gone = await ended.promise;
      if (!gone && !entry.paused) readTurn(port, handler, clock);
      return gone;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#port = null;
      this.#entry = null;
      await entry.remove();
      port.close();
    }
  }
}

/**
 * Reads what waits, up to a turn's share. `empty`: nothing waits any more; `refused`: the handler
 * takes no more for now.
 */
function readTurn(
  port: SerialPort,
  handler: SourceHandler,
  clock: Clock,
): "empty" | "more" | "refused" | "gone" {
  for (let taken = 0; taken < turnBytes;) {
    const waiting = port.waiting();
    if (waiting === 0 && taken > 0) return "empty";
    // Asking for one byte where none waits tells a device that is gone from one that is quiet.
    const room = handler.room(Math.max(1, waiting));
    if (room === null) return "refused";
    const count = port.read(room);
    const bytes = typeof count === "number" ? count : 0;
    if (!handler.bytes(room.subarray(0, bytes), clock.wallMs())) return "refused";
    if (count === "gone") return "gone";
    if (count === "would block") return "empty";
    taken += count;
  }
  return "more";
}
