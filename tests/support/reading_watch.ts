// How long ports were not read while bytes waited for the reader: what a real UART, whose buffers are
// small, would lose.

import type { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";

const lookMs = 10;

/** `using watch = new ReadingWatch(site.terminals);` */
export class ReadingWatch implements Disposable {
  /** Longest time since the start that bytes waited in one port. */
  longestMs = 0;
  readonly #terminals: readonly PseudoTerminal[];
  readonly #emptyMs: number[];
  readonly #timer: ReturnType<typeof setInterval>;
  #lookedMs = performance.now();

  constructor(terminals: readonly PseudoTerminal[]) {
    this.#terminals = terminals;
    this.#emptyMs = terminals.map(() => this.#lookedMs);
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  [Symbol.dispose](): void {
    this.#look();
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    for (const [port, terminal] of this.#terminals.entries()) {
      // A look that came late itself says nothing about the time before.
      if (terminal.unread() === 0) this.#emptyMs[port] = nowMs;
      this.longestMs = Math.max(this.longestMs, this.#lookedMs - (this.#emptyMs[port] ?? nowMs));
    }
    this.#lookedMs = nowMs;
  }
}
