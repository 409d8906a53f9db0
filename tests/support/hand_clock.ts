// A clock that a test holds in its hand: it goes on when the test says so, and runs who waits for it.

import type { Clock } from "../../src/platform/clock.ts";

export class HandClock implements Clock {
  #nowMs = 0;
  /** How far the wall clock is ahead of the other one. */
  #aheadMs = 0;
  readonly #waiting = new Set<{ readonly dueMs: number; readonly finish: () => void }>();

  /** Delays that are being waited for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  wallMs(): number {
    return this.#nowMs + this.#aheadMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  delay(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = {
        dueMs: this.#nowMs + ms,
        finish: () => {
          this.#waiting.delete(waiter);
          signal?.removeEventListener("abort", waiter.finish);
          resolve();
        },
      };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", waiter.finish);
    });
  }

  /** Sets the wall clock forward, or back. */
  step(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Lets so many milliseconds pass; whatever becomes due goes on, in order, before it returns. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const [next] = [...this.#waiting].sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined || next.dueMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.finish();
    }
    this.#nowMs = endMs;
  }
}

/** Lets promises that can go on do so. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
