// A channel's share of the one thread that all channels share. A source that could be read without
// end, and whose bytes take time to make sense of, rests in between so that the others have theirs;
// one that brings what equipment brings never gets there.

import type { Clock } from "../platform/clock.ts";

/** Of the time: what one source may use in the long run. */
const share = 1 / 5;
/** So much may be used at once. */
const burstMs = 4;

export class FairShare {
  readonly #clock: Clock;
  #leftMs = burstMs;
  #seenMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#seenMs = clock.monotonicMs();
  }

  /** Does what takes time, and accounts for it. */
  spend<Result>(action: () => Result): Result {
    this.#earn();
    try {
      return action();
    } finally {
      const nowMs = this.#clock.monotonicMs();
      this.#leftMs -= nowMs - this.#seenMs;
      this.#seenMs = nowMs;
    }
  }

  /** Resolves when there is time to spend again, at once where there is some left. */
  async rest(signal: AbortSignal): Promise<void> {
    this.#earn();
    if (this.#leftMs < 0) await this.#clock.delay(-this.#leftMs / share, signal);
  }

  #earn(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#leftMs = Math.min(burstMs, this.#leftMs + (nowMs - this.#seenMs) * share);
    this.#seenMs = nowMs;
  }
}
