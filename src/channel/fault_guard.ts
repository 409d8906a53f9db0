// The root of all that a channel's code does: what its source, framer, journal, timers throw, and
// nobody expected, ends here and nowhere else. From then on the channel does nothing more; whoever
// owns it opens another in its place (supervisor.ts).

export class FaultGuard {
  #broke: ((error: unknown) => void) | null = null;
  /** The first one. */
  #fault: { readonly error: unknown } | null = null;

  get isBroken(): boolean {
    return this.#fault !== null;
  }

  /** Calls `broke` in the turn of the first fault, and only then; at once when there was one already. */
  watch(broke: (error: unknown) => void): void {
    this.#broke = broke;
    if (this.#fault !== null) broke(this.#fault.error);
  }

  /** Runs a turn; `refusal` is what comes of it when it breaks, or if something broke before. */
  run<T>(turn: () => T, refusal: T): T {
    if (this.isBroken) return refusal;
    try {
      return turn();
    } catch (error) {
      this.break(error);
      return refusal;
    }
  }

  break(error: unknown): void {
    if (this.isBroken) return;
    this.#fault = { error };
    this.#broke?.(error);
  }
}
