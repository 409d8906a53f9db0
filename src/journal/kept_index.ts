// The index of a kept segment, opened by its name: it is made sure that it is this segment's, for
// another one may have got the name in between.

import type { Disk, ReadFile } from "../platform/disk.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import {
  decodeIndexEntry,
  decodeIndexHeader,
  type IndexEntry,
  indexEntryBytes,
  indexHeaderBytes,
} from "./segment_index.ts";

/** The files at a segment's name are not the segment's any more. */
export class SegmentMoved extends Error {
  override readonly name = "SegmentMoved";
}

export class KeptIndex implements Disposable {
  readonly segment: RotatedSegment;
  readonly #file: ReadFile;

  /** @throws {SegmentMoved} @throws {Error} what the disk threw */
  constructor(disk: Disk, segment: RotatedSegment) {
    this.segment = segment;
    this.#file = openIndex(disk, segment);
    const bytes = new Uint8Array(indexHeaderBytes);
    this.#file.readNow(bytes, 0);
    const header = decodeIndexHeader(bytes);
    const { firstSequence, epoch, base } = segment;
    if (header?.firstSequence === firstSequence && header.epoch === epoch) return;
    this.#file.close();
    throw new SegmentMoved(`read ${base}.idx: it is another segment's`);
  }

  /** The entries from `sequence` on; `null` for each that is damaged. */
  read(sequence: number, count: number): (IndexEntry | null)[] {
    const bytes = new Uint8Array(count * indexEntryBytes);
    const first = sequence - this.segment.firstSequence;
    const filled = this.#file.readNow(bytes, indexHeaderBytes + first * indexEntryBytes);
    return Array.from(
      { length: count },
      (_, i) => decodeIndexEntry(bytes.subarray(0, filled), i * indexEntryBytes),
    );
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function openIndex(disk: Disk, { base }: RotatedSegment): ReadFile {
  try {
    return disk.read(`${base}.idx`);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new SegmentMoved(`read ${base}.idx: it is gone`, { cause });
  }
}
