// Ports that stay open from one reader to the next, so that nothing is lost of what the line says in
// between: while a broken channel is opened again, and, where somebody keeps descriptors for us, while
// the service is started anew. The kernel goes on collecting meanwhile.

import type { Libc } from "../../platform/libc.ts";
import type { LineSettings } from "./line_settings.ts";
import { SerialPort } from "./serial_port.ts";

/** Holds descriptors from one run of the service to the next; lets them go when it stops for good. */
export interface DescriptorKeeper {
  /** The service is about to end: what is kept stays open. */
  readonly isEnding: boolean;
  has(name: string): boolean;
  /** The descriptor that was kept, if there is one; it is the caller's then. */
  take(name: string): number | null;
  keep(name: string, fd: number): void;
  forget(name: string): void;
}

export class HeldPorts implements Disposable {
  readonly #libc: Libc;
  readonly #keeper: DescriptorKeeper | undefined;
  /** Those that nobody reads for now, by device. */
  readonly #held = new Map<string, SerialPort>();

  constructor(options: {
    readonly libc: Libc;
    /** @default {nobody: a stop closes the ports} */
    readonly keeper?: DescriptorKeeper | undefined;
  }) {
    this.#libc = options.libc;
    this.#keeper = options.keeper;
  }

  /** The device is open, and waits for whoever reads it. */
  has(device: string): boolean {
    return this.#held.has(device) || this.#keeper?.has(device) === true;
  }

  /** The port as it was held, or opened by its name. Throws as `SerialPort.open`. */
  open(device: string, settings: LineSettings): SerialPort {
    const held = this.#takeUp(device, settings);
    if (held !== null) return held;
    const port = this.#adopt(device, settings) ?? SerialPort.open(this.#libc, device, settings);
    this.#keeper?.keep(device, port.fd);
    return port;
  }

  /**
   * `port` is read no more, and `continues` says that somebody here will go on. Returns whether it
   * stays open.
   */
  leave(device: string, port: SerialPort, continues: boolean): boolean {
    if (continues) this.#held.set(device, port);
    return continues || this.#close(device, port) === "kept";
  }

  /** Nobody will go on with the device. */
  release(device: string): void {
    const port = this.#held.get(device);
    this.#held.delete(device);
    if (port !== undefined) this.#close(device, port);
  }

  [Symbol.dispose](): void {
    for (const device of [...this.#held.keys()]) this.release(device);
  }

  /** `null` when it is not held, or the device is gone: opened by its name it tells what is wrong. */
  #takeUp(device: string, settings: LineSettings): SerialPort | null {
    const port = this.#held.get(device);
    if (port === undefined) return null;
    if (!port.apply(settings)) {
      this.release(device);
      return null;
    }
    this.#held.delete(device);
    return port;
  }

  #close(device: string, port: SerialPort): "kept" | "closed" {
    if (this.#keeper?.isEnding === true) {
      port.leave();
      return "kept";
    }
    this.#keeper?.forget(device);
    port.close();
    return "closed";
  }

  /** The same with what was kept since the last run. */
  #adopt(device: string, settings: LineSettings): SerialPort | null {
    const fd = this.#keeper?.take(device) ?? null;
    if (fd === null) return null;
    try {
      return SerialPort.adopt(this.#libc, fd, device, settings);
    } catch {
      return null;
    }
  }
}
