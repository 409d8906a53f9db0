// What is wrong for as long as nobody mends it, a sentence each: told with every heartbeat. Raising and
// clearing it is told by whoever does so.

export class Conditions {
  readonly #sentences = new Map<string, string>();

  get sentences(): string[] {
    return [...this.#sentences.values()];
  }

  /** `null` when `name` is well. */
  set(name: string, sentence: string | null): void {
    if (sentence === null) this.#sentences.delete(name);
    else this.#sentences.set(name, sentence);
  }
}
