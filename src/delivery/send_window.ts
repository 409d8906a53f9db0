// How much may be under way to a server at once: records and bytes, over all channels of a sink. A
// slow server shrinks the window, a healthy one grows it (additive increase, multiplicative
// decrease). The byte limit keeps well below what hangs the client when a server stops reading.

import { Restraint } from "../platform/restraint.ts";

const maxBytes = 1024 * 1024;

/** An acknowledgement that took longer says that the server is busy. */
const slowMs = 500;

interface Waiter {
  readonly sizes: readonly number[];
  readonly enter: (count: number) => void;
}

export class SendWindow {
  readonly #maxRecords: number;
  readonly #restraint: Restraint;
  readonly #waiting: Waiter[] = [];
  #size: number;
  #records = 0;
  #bytes = 0;
  #shrunkMs = -Infinity;
  #closed = false;
  #admitting = false;

  constructor(
    options: {
      readonly initial: number;
      readonly maxRecords: number;
      /** @default {none} */
      readonly restraint?: Restraint | undefined;
    },
  ) {
    this.#size = options.initial;
    this.#maxRecords = options.maxRecords;
    this.#restraint = options.restraint ?? new Restraint();
  }

  /** Records that may be under way at present. */
  get size(): number {
    return Math.floor(this.#size);
  }

  get inFlight(): number {
    return this.#records;
  }

  /** Takes room for a record if there is some and nobody is waiting for it. */
  tryEnter(bytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) return false;
    this.#take(bytes);
    return true;
  }

  /**
   * Takes room for the first of the records, of these sizes, and for those behind it that find room
   * in the same moment. Resolves to how many they are; first come, first served.
   */
  enter(sizes: readonly number[]): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.push({ sizes, enter: resolve });
      this.#admitSoon();
    });
  }

  /** Gives a record's room back. `latencyMs` is how long its acknowledgement took. */
  leave(bytes: number, latencyMs: number, nowMs: number): void {
    this.#records -= 1;
    this.#bytes -= bytes;
    if (latencyMs <= slowMs) {
      this.#size = Math.min(this.#maxRecords, this.#size + Math.max(1 / this.#size, 0.25));
    } else if (nowMs - this.#shrunkMs > latencyMs) {
      this.#size = Math.max(1, this.#size / 2);
      this.#shrunkMs = nowMs;
    }
    this.#admitSoon();
  }

  /** Lets everybody in who waits: nothing will be sent any more. */
  close(): void {
    this.#closed = true;
    this.#admitSoon();
  }

  #fits(bytes: number): boolean {
    if (this.#records === 0 || this.#closed) return true;
    const share = this.#restraint.queueShare;
    const mostRecords = Math.min(this.size, Math.max(1, this.#maxRecords * share));
    return this.#records < mostRecords && this.#bytes + bytes <= maxBytes * share;
  }

  #take(bytes: number): void {
    this.#records += 1;
    this.#bytes += bytes;
  }

  /** Acknowledgements come many at once: who goes then goes with as many. */
  #admitSoon(): void {
    if (this.#admitting || this.#waiting.length === 0) return;
    this.#admitting = true;
    queueMicrotask(() => {
      this.#admitting = false;
      this.#admit();
    });
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      let count = 0;
      for (const bytes of first.sizes) {
        if (!this.#fits(bytes)) break;
        this.#take(bytes);
        count += 1;
      }
      if (count === 0) return;
      this.#waiting.shift();
      first.enter(count);
    }
  }
}
