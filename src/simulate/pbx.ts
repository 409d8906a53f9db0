// One simulated exchange: it prints calls on its line at a steady rate until it is told to
// stop, and remembers exactly what it sent, so that a test can ask whether all of it arrived.

import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../platform/clock.ts";
import { countLineRecords, type Maker } from "./makers.ts";
import type { Random } from "./random.ts";

/** Records sent at once before other tasks get their turn. */
const recordsAtATime = 64;
/** A line that takes nothing is asked again after this. */
const deafLineMs = 10;
/** Falling behind by more is forgotten: an exchange does not repeat an hour in a minute. */
const longestArrearsMs = 1000;

export interface PbxOptions {
  readonly maker: Maker;
  /** Such as `Line.send` or `PseudoTerminal.write`: resolves to the number of bytes taken. */
  readonly write: (bytes: Uint8Array, signal: AbortSignal) => Promise<number>;
  readonly random: Random;
  /** `Infinity` sends as fast as the line takes. One call may be several lines. */
  readonly callsPerSecond: number;
  /** Ends by itself after so many calls. @default {Infinity} */
  readonly limit?: number;
  /** Adds a number to each line, so that no two are alike. @default {false} */
  readonly numbered?: boolean;
  /** Told each record as far as the line took it. */
  readonly onSent?: (bytes: Uint8Array) => void;
  /** Stops the exchange, as `stop()` does. */
  readonly signal?: AbortSignal;
  /** How long the record that is on the line may take to end after a stop. @default {2000} */
  readonly graceMs?: number;
  /** @default {systemClock} */
  readonly clock?: Clock;
}

/** What the line took. */
export interface Sent {
  /** Calls that were sent whole. */
  readonly calls: number;
  /** Calls of which the line did not take all: it was unplugged, or the grace was over. */
  readonly brokenCalls: number;
  /** Line records, see `countLineRecords`. */
  readonly lines: number;
  readonly bytes: number;
}

export class Pbx implements AsyncDisposable {
  /** Settles when the exchange has ended: by its limit, a stop, or an error of the line. */
  readonly finished: Promise<void>;
  readonly #options: PbxOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #cutting = new AbortController();
  readonly #hash = createHash("sha256");
  #sent: Sent = { calls: 0, brokenCalls: 0, lines: 0, bytes: 0 };
  #lastByte: number | undefined;

  static start(options: PbxOptions): Pbx {
    return new Pbx(options);
  }

  private constructor(options: PbxOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.finished = this.#run();
    // Whoever awaits `finished` or `stop()` gets the error; until then it is not unhandled.
    this.finished.catch(() => {});
  }

  get sent(): Sent {
    return this.#sent;
  }

  /** SHA-256 of all bytes that the line took, in hexadecimal. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  /** Ends after the record that is on the line. @throws the error that ended it before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const stop = (): void => this.#stopping.abort();
    const graceOver = new AbortController();
    this.#stopping.signal.addEventListener("abort", () => {
      const graceMs = this.#options.graceMs ?? 2000;
      this.#clock.delay(graceMs, graceOver.signal).then(() => this.#cutting.abort());
    });
    this.#options.signal?.addEventListener("abort", stop);
    if (this.#options.signal?.aborted === true) stop();
    try {
      await this.#printCalls();
    } finally {
      graceOver.abort();
      this.#options.signal?.removeEventListener("abort", stop);
    }
  }

  async #printCalls(): Promise<void> {
    const { maker, random, callsPerSecond, numbered = false, limit = Infinity } = this.#options;
    const stopping = this.#stopping.signal;
    let dueMs = this.#clock.monotonicMs();
    for (let sequence = 1; sequence <= limit; sequence++) {
      const earlyMs = dueMs - this.#clock.monotonicMs();
      if (earlyMs > 0) await this.#clock.delay(earlyMs, stopping);
      else if (sequence % recordsAtATime === 0) await this.#clock.delay(0, stopping);
      if (stopping.aborted) return;
      const when = new Date(this.#clock.wallMs());
      const record = maker.record({ random, sequence, when, numbered });
      const taken = await this.#options.write(record, this.#cutting.signal);
      this.#account(record, taken);
      if (taken < record.length) await this.#clock.delay(deafLineMs, stopping);
      dueMs = Math.max(dueMs + 1000 / callsPerSecond, this.#clock.monotonicMs() - longestArrearsMs);
    }
  }

  #account(record: Uint8Array, taken: number): void {
    const bytes = record.subarray(0, taken);
    const { calls, brokenCalls, lines } = this.#sent;
    const whole = taken === record.length;
    this.#sent = {
      calls: whole ? calls + 1 : calls,
      brokenCalls: whole ? brokenCalls : brokenCalls + 1,
      lines: lines + countLineRecords(bytes, this.#lastByte),
      bytes: this.#sent.bytes + taken,
    };
    this.#hash.update(bytes);
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    if (taken > 0) this.#options.onSent?.(bytes);
  }
}
