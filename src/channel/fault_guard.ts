// The root of all that a channel's code does: what its source, framer or journal throw, and nobody
// expected, ends here and nowhere else. From then on the channel does nothing more; whoever owns it
// opens another in its place (supervisor.ts).

export class FaultGuard {
  readonly #broke: (error: unknown) => void;
  #isBroken = false;

  /** `broke` is called in the turn of the first fault, and only then. */
  constructor(broke: (error: unknown) => void) {
    this.#broke = broke;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Runs a turn; `refusal` is what comes of it when it breaks, or if something broke before. */
  run<T>(turn: () => T, refusal: T): T {
    if (this.#isBroken) return refusal;
    try {
      return turn();
    } catch (error) {
      this.break(error);
      return refusal;
    }
  }

  break(error: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#broke(error);
  }
}
