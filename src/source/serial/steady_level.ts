// One modem line without its flicker. Pure. Plugs bounce, a ring comes in bursts, and a line that
// does flow control moves all the time: none of that is news.

import type { LineLevel } from "./modem_lines.ts";

export interface LevelReading {
  readonly monotonicMs: number;
  readonly level: LineLevel;
  /** How often the line changed since the last reading, as the driver counts; 0 where it does not. */
  readonly changes: number;
}

/**
 * Takes a new level only when it was read at least `settleMs` apart, without another level in
 * between and without a change that the driver counted. The first level that is known counts at
 * once. A reading that is unknown says nothing: the level stays what it was.
 */
export class SteadyLevel {
  readonly #settleMs: number;
  #level: LineLevel = "unknown";
  /** Since when the other level is read. */
  #otherSinceMs: number | null = null;

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  get level(): LineLevel {
    return this.#level;
  }

  /** Takes the next reading; true when the level has changed from on to off or back. */
  push({ monotonicMs, level, changes }: LevelReading): boolean {
    if (this.#level === "unknown") this.#level = level;
    if (level === this.#level || level === "unknown") {
      this.#otherSinceMs = null;
      return false;
    }
    if (this.#otherSinceMs === null || changes > 0) {
      this.#otherSinceMs = monotonicMs;
      return false;
    }
    if (monotonicMs - this.#otherSinceMs < this.#settleMs) return false;
    this.#level = level;
    this.#otherSinceMs = null;
    return true;
  }
}
