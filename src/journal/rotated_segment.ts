// A segment that takes no more records: where it is and which records it holds.

import type { Disk } from "../platform/disk.ts";
import type { RecordEnd } from "../record.ts";
import type { ReadableSegment } from "./journal_reader.ts";
import { rotatedBase, rotatedNames, rotatedTimeMs } from "./segment_names.ts";
import {
  decodeIndexEntry,
  decodeIndexHeader,
  endOfFormer,
  indexEntryBytes,
  type IndexHeader,
  indexHeaderBytes,
} from "./segment_index.ts";

export interface RotatedSegment extends ReadableSegment {
  /** See `IndexHeader`. */
  readonly previousSequence?: number;
  readonly count: number;
  /** Of its files, in bytes. */
  readonly bytes: number;
  /**
   * Where it is: in order on the disk; on its way there in a rotation; left in disorder when the disk
   * refused, or without its names; or in memory, until the disk takes it.
   */
  readonly place: "disk" | "rotating" | "unsettled" | "memory";
  /** It holds more than counts: that stands in memory, too, and could be lost there. */
  readonly isUncut?: true;
}

/**
 * The segment at `base`, by its index alone, without reading its log; `null` when its index is
 * missing, damaged or another segment's, or its log is gone. `firstSequence` is the name's.
 */
export function findRotatedSegment(
  disk: Disk,
  base: string,
  firstSequence: number,
): RotatedSegment | null {
  const plainBytes = disk.size(`${base}.log`);
  const logBytes = plainBytes ?? disk.size(`${base}.log.gz`);
  const indexBytes = disk.size(`${base}.idx`);
  const header = readIndexHeader(disk, base);
  if (logBytes === null || indexBytes === null || header === null) return null;
  if (header.firstSequence !== firstSequence) return null;
  const count = Math.floor((indexBytes - indexHeaderBytes) / indexEntryBytes);
  return {
    ...header,
    count,
    lastSequence: header.firstSequence + count - 1,
    base,
    compressed: plainBytes === null,
    bytes: logBytes + indexBytes,
    place: "disk",
  };
}

/**
 * A segment's numbers end where the next one's begin, or those that were skipped before it. What it
 * holds beyond was never synced there: it was copied into the next one when the disk refused. One
 * without records ends no other. In the order of their last numbers: two may begin with the same one.
 * No number counts from `end` on.
 */
export function withoutOverlap(
  segments: readonly RotatedSegment[],
  end: number,
): RotatedSegment[] {
  return segments.map((segment, i) => {
    const next = segments.slice(i).find((each) =>
      each.count > 0 && each.firstSequence > segment.firstSequence
    );
    const ownEnd = Math.min(next === undefined ? Infinity : endOfFormer(next), end);
    const count = Math.max(0, Math.min(segment.count, ownEnd - segment.firstSequence));
    return { ...segment, count, lastSequence: segment.firstSequence + count - 1 };
  }).sort((a, b) => a.lastSequence - b.lastSequence);
}

/** How the segment's last record ended; `null` when it has none or its entry is damaged. */
export function lastEndOf(disk: Disk, { base, count }: RotatedSegment): RecordEnd | null {
  if (count === 0) return null;
  const index = disk.read(`${base}.idx`);
  try {
    const bytes = new Uint8Array(indexEntryBytes);
    index.readNow(bytes, indexHeaderBytes + (count - 1) * indexEntryBytes);
    return decodeIndexEntry(bytes, 0)?.end ?? null;
  } finally {
    index.close();
  }
}

/** The header of the index at `base`; `null` when it is missing or damaged. */
export function readIndexHeader(disk: Disk, base: string): IndexHeader | null {
  if (disk.size(`${base}.idx`) === null) return null;
  const index = disk.read(`${base}.idx`);
  try {
    const bytes = new Uint8Array(indexHeaderBytes);
    index.readNow(bytes, 0);
    return decodeIndexHeader(bytes);
  } finally {
    index.close();
  }
}

/**
 * Path without ending for a segment that is rotated now, of which no file is there yet. Later than
 * those of others that begin with the same number, whatever the clock did: of these the last counts.
 */
export function freeRotatedBase(
  { disk, folder, channel }: {
    readonly disk: Disk;
    readonly folder: string;
    readonly channel: string;
  },
  firstSequence: number,
  wallMs: number,
): string {
  const laterMs = rotatedNames(channel, disk.list(folder))
    .filter((each) => each.firstSequence === firstSequence)
    .map(({ base }) => rotatedTimeMs(base) + 1000);
  return `${folder}/${rotatedBase(channel, firstSequence, Math.max(wallMs, ...laterMs))}`;
}

/** The files of a segment that are there, the index first. */
export function filesOf(
  disk: Disk,
  { base }: RotatedSegment,
): { readonly path: string; readonly bytes: number }[] {
  return [".idx", ".log", ".log.gz"].flatMap((ending) => {
    const bytes = disk.size(base + ending);
    return bytes === null ? [] : [{ path: base + ending, bytes }];
  });
}
