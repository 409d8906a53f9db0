// The sinks that need a journal's records, and how far each has come with them.

/** How far a sink has come, at this moment. */
export interface Progress {
  /** Last sequence that it has, as far as it knows. */
  readonly passed: number;
  /** Last sequence that it has taken: those behind `passed` may get there, or be there already. */
  readonly taken: number;
}

export class Holders {
  readonly #released: Map<string, number>;
  readonly #progress = new Map<string, () => Progress>();

  constructor(names: readonly string[]) {
    this.#released = new Map(names.map((name) => [name, 0]));
  }

  /** Every sink has passed the records up to this sequence, and will know so after a crash. */
  get releasedSequence(): number {
    return Math.min(...this.#released.values());
  }

  /** Every sink has passed the records up to this sequence: what is deleted of them is no loss. */
  get passedSequence(): number {
    return Math.min(...this.#all(({ passed }) => passed));
  }

  /** Some sink may be about to have records of this segment: nobody can tell which of them it lacks. */
  isUnderWay(segment: { readonly firstSequence: number; readonly lastSequence: number }): boolean {
    const { firstSequence, lastSequence } = segment;
    return this.#all(({ passed, taken }) =>
      Math.max(firstSequence, passed + 1) <= Math.min(lastSequence, taken)
    ).some(Boolean);
  }

  /** `name` has no more need of records up to `sequence`. */
  release(name: string, sequence: number): void {
    this.#released.set(name, sequence);
  }

  /** Asks `progress` from now on how far `name` has come; until then it is what was released. */
  follow(name: string, progress: () => Progress): void {
    this.#progress.set(name, progress);
  }

  /** Asks no more: what was released counts again. */
  unfollow(name: string): void {
    this.#progress.delete(name);
  }

  /** Nobody called so needs anything any more. */
  remove(name: string): void {
    this.#progress.delete(name);
    this.#released.delete(name);
  }

  #all<Value>(value: (progress: Progress) => Value): Value[] {
    return Array.from(this.#released, ([name, released]) => {
      const progress = this.#progress.get(name);
      return value(progress?.() ?? { passed: released, taken: released });
    });
  }
}
