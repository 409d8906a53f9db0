// Timers that run when a test says so.

import { TimerList } from "./timer_list.ts";

/** Replaces `setTimeout` and `clearTimeout` until disposed: `using time = new FakeTime();` */
export class FakeTime implements Disposable {
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  readonly #timers = new TimerList();

  constructor() {
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms?: number): number => this.#timers.set(run, ms),
      clearTimeout: (id?: number): void => this.#timers.clear(id),
    });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.pending;
  }

  /** Milliseconds until the next one is due; `Infinity` when none waits. */
  get untilNextMs(): number {
    return this.#timers.nextMs - this.#timers.nowMs;
  }

  /** Lets so many milliseconds pass and runs what is due, in order. */
  tick(ms: number): void {
    this.#timers.tick(ms);
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}
