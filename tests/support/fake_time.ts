// Timers that run when a test says so.

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Replaces `setTimeout` and `clearTimeout` until disposed: `using time = new FakeTime();` */
export class FakeTime implements Disposable {
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  readonly #timers = new Map<number, Timer>();
  #nowMs = 0;
  #lastId = 0;

  constructor() {
    const set = (run: () => void, ms = 0): number => {
      this.#timers.set(++this.#lastId, { dueMs: this.#nowMs + ms, run });
      return this.#lastId;
    };
    const clear = (id?: number): void => void (id !== undefined && this.#timers.delete(id));
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets so many milliseconds pass and runs what is due, in order. */
  tick(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { dueMs }]) => dueMs <= endMs);
      const [next] = due.sort(([idA, a], [idB, b]) => a.dueMs - b.dueMs || idA - idB);
      if (next === undefined) break;
      const [id, { dueMs, run }] = next;
      this.#timers.delete(id);
      this.#nowMs = dueMs;
      run();
    }
    this.#nowMs = endMs;
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}
