// What a journal holds, on the disk and in memory: the segments that take no more records, and the
// one that does.

import type { ActiveSegment } from "./active_segment.ts";
import type { ReadableSegment } from "./journal_reader.ts";
import type { SegmentShelf } from "./segment_shelf.ts";

export class JournalContents {
  readonly #shelf: SegmentShelf;
  readonly #active: () => ActiveSegment;

  constructor(shelf: SegmentShelf, active: () => ActiveSegment) {
    this.#shelf = shelf;
    this.#active = active;
  }

  get oldestSequence(): number {
    return this.#shelf.segments.find((segment) => segment.count > 0)?.firstSequence ??
      this.#active().header.firstSequence;
  }

  get bytes(): number {
    return this.#shelf.segments.reduce((sum, { bytes }) => sum + bytes, this.#active().bytes);
  }

  epochOf(sequence: number): string | null {
    const active = this.#active();
    if (sequence >= active.nextSequence) return null;
    const { firstSequence, epoch } = this.#shelf.find(sequence) ?? active.header;
    return firstSequence > sequence ? null : epoch;
  }

  /** Where `sequence` is to be read, or the next one behind it, of those up to `end`. */
  locate(sequence: number, end: number): ReadableSegment | null {
    if (sequence > end) return null;
    const active = this.#active();
    const found = this.#shelf.find(sequence) ?? active.firstRecords(active.extent.count, "disk");
    if (end < found.firstSequence) return null;
    return { ...found, lastSequence: Math.min(found.lastSequence, end) };
  }
}
