// A place in a journal, whatever files it is kept in, and the way back to it.

import type { Disk } from "../platform/disk.ts";
import { readIndexHeader } from "./rotated_segment.ts";
import {
  decodeIndexEntry,
  endOfFormer,
  indexEntryBytes,
  indexHeaderBytes,
} from "./segment_index.ts";

/** How far a journal reached at some moment. */
export interface JournalPlace {
  readonly epoch: string;
  readonly nextSequence: number;
  /** Bytes of the open record as it stands in the log, its header included; 0 when none is open. */
  readonly openLogBytes: number;
}

/**
 * Takes back an append that was not finished for certain, from the segment at `base` if that reaches
 * so far. Nothing of it was ever seen by a reader.
 */
export function cutBackTo(disk: Disk, base: string, place: JournalPlace): void {
  const header = readIndexHeader(disk, base);
  const logBytes = disk.size(`${base}.log`);
  if (header === null || logBytes === null) return;
  // An epoch that began since the place begins behind it.
  const isOfPlace = header.epoch === place.epoch;
  if (!isOfPlace && endOfFormer(header) !== place.nextSequence) return;
  const count = isOfPlace ? place.nextSequence - header.firstSequence : 0;
  if (count < 0) return;
  const index = disk.read(`${base}.idx`);
  let end = 0;
  try {
    if (index.size() < indexHeaderBytes + count * indexEntryBytes) return;
    if (count > 0) {
      const bytes = new Uint8Array(indexEntryBytes);
      index.readNow(bytes, indexHeaderBytes + (count - 1) * indexEntryBytes);
      const entry = decodeIndexEntry(bytes, 0);
      if (entry === null) return;
      end = entry.offset + entry.length;
    }
  } finally {
    index.close();
  }
  truncate(disk, `${base}.idx`, indexHeaderBytes + count * indexEntryBytes);
  truncate(disk, `${base}.log`, end + place.openLogBytes);
}

/**
 * Gives the segment at `newest` the active names again, if the one at `active` was begun behind the
 * place, in the same turn: nothing of it was ever seen by a reader either.
 */
export function takeBackRotation(
  disk: Disk,
  { active, newest }: { readonly active: string; readonly newest: string },
  place: JournalPlace,
): void {
  const begun = readIndexHeader(disk, active);
  const former = readIndexHeader(disk, newest);
  if (begun?.epoch !== place.epoch || begun.firstSequence <= place.nextSequence) return;
  if (former?.epoch !== place.epoch || former.firstSequence > place.nextSequence) return;
  if (disk.size(`${newest}.log`) === null) return;
  for (const ending of [".log", ".idx"]) {
    if (disk.size(active + ending) !== null) disk.remove(active + ending);
    disk.rename(newest + ending, active + ending);
  }
}

/** Cuts a file to `length` if it is longer. */
function truncate(disk: Disk, path: string, length: number): void {
  if ((disk.size(path) ?? 0) <= length) return;
  const file = disk.append(path);
  try {
    file.truncate(length);
  } finally {
    file.close();
  }
}
