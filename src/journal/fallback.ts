// What came home from memory stays there, and grows with its copy on the disk, until that is safe. An
// opening that cannot read the disk takes its end for that of the journal: rather no fallback than one
// that ends before the copy does.

import type { Fragment } from "../framer/framer.ts";
import type { ActiveSegment } from "./active_segment.ts";
import { bytesToAppend } from "./append_buffer.ts";
import type { JournalOptions } from "./journal_options.ts";

type Bounds = Pick<JournalOptions, "tailBudget" | "recordHeader">;

export class Fallback {
  /** From there on nothing is known to be safe on the disk, whatever becomes of the segment. */
  readonly firstSequence: number;
  #segment: ActiveSegment | null;
  readonly #bounds: Bounds;

  constructor(segment: ActiveSegment, bounds: Bounds) {
    this.firstSequence = segment.header.firstSequence;
    this.#segment = segment;
    this.#bounds = bounds;
  }

  /** `null` when memory did not take what its copy took. */
  get segment(): ActiveSegment | null {
    return this.#segment;
  }

  /** What the copy is to take next; returns whether memory took it. */
  append(fragments: readonly Fragment[], timeMs: number): boolean {
    if (this.#segment === null) return false;
    const { tailBudget, recordHeader } = this.#bounds;
    try {
      const hasRoom = tailBudget.hasRoom(bytesToAppend(fragments, recordHeader.length));
      if (!hasRoom) throw new Error("the memory for records is full");
      this.#segment.append(fragments, timeMs);
      return true;
    } catch {
      this.discard();
      return false;
    }
  }

  discard(): void {
    this.#segment?.files.discard();
    this.#segment = null;
  }

  close(): void {
    this.#segment?.close();
  }
}
