// An exchange on a serial port of the box that talks at 115,200 baud without a pause, and what became of
// its records.

import { PortFeed } from "../support/port_feed.ts";
import type { TelnetWire } from "../support/telnet_wire.ts";
import type { SerialPortOfMachine } from "../support/virtual_machine.ts";

/** With CR and LF 96 bytes, so that 120 a second fill the line: 11,520 bytes. */
const recordBytes = 94;
const fullRate = 120;

let feeds = 0;

export class LineFeed implements AsyncDisposable {
  readonly #id = ++feeds;
  readonly #feed: PortFeed;
  readonly #begun: Promise<void>;
  #isCut = false;

  /** `rate` is records a second. @default {as many as the line carries} */
  constructor({ wire }: SerialPortOfMachine, rate = fullRate) {
    const terminal = { write: (bytes: Uint8Array): Promise<void> => this.#write(wire, bytes) };
    this.#feed = new PortFeed({ terminal, port: this.#id, rate, recordBytes, catchesUp: false });
    // It ends what the one before may have left unfinished.
    this.#begun = wire.send(Uint8Array.of(0x0d, 0x0a));
    this.#feed.start();
  }

  get sent(): readonly string[] {
    return this.#feed.sent;
  }

  get sentBytes(): number {
    return this.sent.length * (recordBytes + 2);
  }

  /** Ends with a whole record. */
  async stop(): Promise<void> {
    await this.#feed.stop();
  }

  /** Those of `records` that this feed has sent, as long as no other one has spoken after it. */
  own(records: readonly string[]): readonly string[] {
    const first = records.findIndex((record) => record.startsWith(`${this.#id}-`));
    return first < 0 ? [] : records.slice(first);
  }

  /** The line is about to be gone: what is said from now on is said to nobody. */
  cut(): void {
    this.#isCut = true;
  }

  /** How many bytes that it has sent are missing in `records`. */
  lostBytes(records: readonly string[]): number {
    const there = new Set(this.own(records));
    return this.sent.filter((record) => !there.has(record)).length * (recordBytes + 2);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#feed[Symbol.asyncDispose]();
  }

  async #write(wire: TelnetWire, bytes: Uint8Array): Promise<void> {
    if (this.#isCut) return;
    try {
      await this.#begun;
      await wire.send(bytes);
    } catch (error) {
      if (!this.#isCut) throw error;
    }
  }
}
