// Lines that say how a command is getting on: on a screen they are written anew in their place,
// below whatever else is printed; in a pipe they come every few seconds.

import type { Clock } from "../platform/clock.ts";

/** Between two times that the lines are printed where they cannot be written anew. */
const plainMs = 5000;

export interface LiveLinesOptions {
  readonly print: (line: string) => void;
  /** Whether what is printed goes to a screen. */
  readonly live: boolean;
  readonly clock: Clock;
  /** Characters of a line on a screen. @default {the console's, 79 at most} */
  readonly width?: number;
}

export class LiveLines {
  readonly #options: LiveLinesOptions;
  readonly #width: number;
  #shown: readonly string[] = [];
  #lastPlainMs: number;

  constructor(options: LiveLinesOptions) {
    this.#options = options;
    this.#width = options.width ??
      (options.live ? Math.min(80, Deno.consoleSize().columns) - 1 : 0);
    this.#lastPlainMs = options.clock.monotonicMs();
  }

  /** Prints a line that stays, above the others. */
  note(line: string): void {
    this.#replace(this.#shown, () => this.#options.print(line));
  }

  /** How things stand now. */
  show(lines: readonly string[]): void {
    const { live, clock, print } = this.#options;
    if (live) return this.#replace(lines);
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#lastPlainMs < plainMs) return;
    this.#lastPlainMs = nowMs;
    for (const line of lines) print(line);
  }

  /** Leaves the last lines where they stand. */
  close(): void {
    this.#shown = [];
  }

  /** Takes the last lines away from a screen. */
  clear(): void {
    if (this.#options.live) this.#replace([]);
    this.close();
  }

  #replace(lines: readonly string[], between: () => void = () => {}): void {
    const { print } = this.#options;
    const height = this.#shown.length;
    if (height > 0) print(`\x1b[${height}A\x1b[J\x1b[1A`);
    between();
    for (const line of lines) {
      const fitted = line.slice(0, this.#width).padEnd(this.#width);
      print(`\x1b[7m${fitted}\x1b[27m`);
    }
    this.#shown = lines;
  }
}
