// Timers in the order in which they are due, on a time that somebody holds in his hand.

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

export class TimerList {
  readonly #timers = new Map<number, Timer>();
  /** Over all lists: whoever clears a timer of a list that is gone must not hit another. */
  static #lastId = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next one is due; `Infinity` when none waits. */
  get nextMs(): number {
    let nextMs = Infinity;
    for (const { dueMs } of this.#timers.values()) nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  set(run: () => void, ms = 0): number {
    const id = ++TimerList.#lastId;
    this.#timers.set(id, { dueMs: this.#nowMs + Math.max(0, ms), run });
    return id;
  }

  clear(id?: number): void {
    if (id !== undefined) this.#timers.delete(id);
  }

  /** Lets so many milliseconds pass and runs what is due, in order. */
  tick(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      let next: number | null = null;
      let dueMs = endMs;
      for (const [id, timer] of this.#timers) {
        // The first of those that are due at once was set first.
        if (timer.dueMs < dueMs || next === null && timer.dueMs === dueMs) {
          next = id;
          dueMs = timer.dueMs;
        }
      }
      if (next === null) break;
      const timer = this.#timers.get(next);
      this.#timers.delete(next);
      this.#nowMs = dueMs;
      timer?.run();
    }
    this.#nowMs = endMs;
  }
}
