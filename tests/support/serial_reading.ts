// A serial source on a pseudo-terminal, started, and what it told.

import { Buffer } from "node:buffer";
import type { Backoff } from "../../src/platform/backoff.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Notice } from "../../src/platform/notice.ts";
import type { Libc } from "../../src/platform/libc.ts";
import type { WantedSettings } from "../../src/source/serial/line_settings.ts";
import { PollLoop } from "../../src/source/serial/poll_loop.ts";
import type { HeldPorts } from "../../src/source/serial/held_ports.ts";
import { SerialSource } from "../../src/source/serial/serial_source.ts";
import { RecordingHandler } from "./recording_handler.ts";
import { waitFor } from "./wait_for.ts";

export const usualLine: WantedSettings = {
  baudRate: 9600,
  frame: { dataBits: 8, parity: "none", stopBits: 1 },
  flowControl: false,
};

/** So long that whatever comes back in a test did not come back by waiting. */
export const hopelessBackoff = { initialMs: 60_000, maxMs: 60_000, exponential: true };

export const atOnce = { timeoutMs: 1000 };
const promised = { timeoutMs: 2000 };

export class SerialReading implements AsyncDisposable {
  readonly handler: RecordingHandler;
  readonly source: SerialSource;
  readonly notices: Notice[] = [];

  constructor(options: {
    readonly libc: Libc;
    readonly loop: PollLoop;
    readonly device: string;
    readonly wanted?: WantedSettings;
    readonly backoff?: Backoff;
    readonly handler?: RecordingHandler;
    readonly ports?: HeldPorts;
  }) {
    this.handler = options.handler ?? new RecordingHandler();
    this.source = new SerialSource({
      wanted: usualLine,
      backoff: hopelessBackoff,
      ...options,
      remembered: undefined,
      detection: {
        baudRates: [300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200],
        minBytes: 50,
      },
      clock: systemClock,
      report: (notice) => this.notices.push(notice),
    });
    this.handler.decode = (read) => this.source.decode(read);
    this.source.start(this.handler);
  }

  async event(name: string, count: number, options = promised): Promise<void> {
    const { handler } = this;
    await waitFor(`${name}, ${count} times`, () => handler.count(name) === count, options);
  }

  async received(length: number): Promise<Buffer> {
    const { handler } = this;
    await waitFor(`${length} bytes`, () => handler.received.length >= length);
    return handler.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.stop();
  }
}

export function newLoop(libc: Libc, gatherMs = 2): PollLoop {
  return new PollLoop({ libc, clock: systemClock, gatherMs });
}

/** Bytes in which a lost, doubled or swapped stretch shows. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + seed) & 0xff);
}
