// Numbers that were passed over and may still come: ranges, so that a long hole takes no more room
// than a short one. Pure.

import type { SequenceRange } from "../journal/journal_reader.ts";

/** Numbers that were passed over at once. */
export interface Hole extends SequenceRange {
  /** Stream sequence of the message before it; 0 when there is none. */
  readonly behind: number;
}

export class SequenceHoles {
  #holes: Hole[] = [];

  get all(): readonly Hole[] {
    return this.#holes;
  }

  /** Later numbers than all before. */
  add(hole: Hole): void {
    this.#holes.push(hole);
  }

  /** Takes `sequence` out; false when it is in none. */
  fill(sequence: number): boolean {
    const at = this.#holes.findIndex(({ from, to }) => from <= sequence && sequence <= to);
    const hole = this.#holes[at];
    if (hole === undefined) return false;
    const rest = [{ ...hole, to: sequence - 1 }, { ...hole, from: sequence + 1 }]
      .filter(({ from, to }) => from <= to);
    this.#holes.splice(at, 1, ...rest);
    return true;
  }

  /** Takes the oldest ones out, so that `most` are left. */
  takeBeyond(most: number): Hole[] {
    return this.#holes.splice(0, Math.max(0, this.#holes.length - most));
  }
}
