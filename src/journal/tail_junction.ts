// Fits what a run left in memory behind what stands on the disk. Where both hold the same records,
// those in memory count: what the disk has of them was never known to be synced. Except when they
// had come home and have grown there since.

import type { Disk } from "../platform/disk.ts";
import type { ActiveSegment } from "./active_segment.ts";
import { type MemoryTail, pendingEpoch, type TailSegments } from "./memory_tail.ts";
import { cutOff } from "./open_record.ts";
import { lastEndOf, type RotatedSegment } from "./rotated_segment.ts";
import { removeSegmentNow, SegmentFiles } from "./segment_files.ts";
import {
  decodeIndexEntry,
  endOfFormer,
  indexEntryBytes,
  type IndexHeader,
  indexHeaderBytes,
} from "./segment_index.ts";

/** All segments of a journal, oldest first. */
export interface JoinedSegments {
  readonly segments: readonly RotatedSegment[];
  readonly active: ActiveSegment;
  /** The active one is in memory. */
  readonly inMemory: boolean;
}

/** What stands on the disk. */
export interface HomeSegments {
  readonly rotated: readonly RotatedSegment[];
  readonly active: ActiveSegment;
  /** Those that are known to be this journal's, also of records that are gone. */
  readonly epochs: readonly string[];
}

/**
 * Puts the segments of `left` behind those on the disk. Numbers that do not fit there are given
 * anew, from `next` on.
 */
export function joinTail(options: {
  readonly disk: Disk;
  readonly home: HomeSegments;
  readonly left: TailSegments | null;
  readonly next: IndexHeader;
  readonly tail: MemoryTail;
}): JoinedSegments {
  const { disk, home, next, tail } = options;
  const { rotated, active } = home;
  const left = options.left === null ? null : withoutStale(disk, options.left, active);
  if (left === null) return { segments: rotated, active, inMemory: false };
  const fits = fitsBehind(left, home);
  // Bytes of an open record that nothing continues end here.
  if (!fits && active.extent.open !== null && !active.files.isSealed) {
    active.append([cutOff(active, "stop")], active.extent.open.timeMs);
  }
  const { extent } = left.active;
  const { complete, header } = fits
    ? { complete: left.complete, header: left.active.header }
    : tail.numbered(left, next);
  // What an empty segment once held may have come home before the others.
  const first: IndexHeader = complete.find(({ count }) => count > 0) ?? header;
  const range = { from: endOfFormer(first), to: header.firstSequence + extent.count - 1 };
  /** Comes last: a disk that refuses half-way leaves everything in memory as it was. */
  const settled = (): ActiveSegment =>
    fits ? left.active : tail.renumber(left, { complete, header });
  const kept: RotatedSegment[] = [];
  try {
    for (const segment of rotated) kept.push(outside(range, segment, disk));
    return behindThose(kept);
  } catch (error) {
    for (const { files } of kept) files?.close();
    throw error;
  }

  function behindThose(kept: readonly RotatedSegment[]): JoinedSegments {
    if (active.header.firstSequence > range.to && extent.count > 0 && extent.open === null) {
      // A kill came while the second of two segments was copied.
      const segments = [...kept, ...complete, tail.complete(settled())];
      segments.sort((a, b) => a.firstSequence - b.firstSequence);
      return { segments, active, inMemory: false };
    }
    const count = keptBefore(range.from, active.header, active.extent.count);
    const last = active.firstRecords(count, "unsettled");
    const segments = [...kept, last, ...complete];
    const before = segments.findLast((segment) => segment.count > 0);
    const lastEnd = before === undefined ? null : lastEndOf(disk, before);
    const behind = settled();
    behind.follow(lastEnd);
    return { segments, active: behind, inMemory: true };
  }
}

/**
 * `null` when that is no record at all and tells of no number that the disk does not know, or when it
 * came home and has grown there.
 */
function withoutStale(
  disk: Disk,
  left: TailSegments,
  active: ActiveSegment,
): TailSegments | null {
  const { header, nextSequence, openLogBytes, extent } = left.active;
  const isKnown = header.epoch === pendingEpoch || nextSequence <= active.nextSequence;
  const isNothing = isKnown && extent.logBytes === 0 &&
    left.complete.every(({ count }) => count === 0);
  const { firstSequence, epoch } = active.header;
  const isCopy = header.firstSequence === firstSequence && header.epoch === epoch;
  const hasGrown = active.nextSequence > nextSequence ||
    active.nextSequence === nextSequence && active.openLogBytes > openLogBytes;
  if (!isNothing && !(isCopy && hasGrown)) return left;
  for (const { base, count } of left.complete) {
    if (count === 0) removeSegmentNow(disk, base);
  }
  left.active.files.remove();
  left.active.close();
  return null;
}

/** Whether the numbers in memory go on where those on the disk end, or take the place of some. */
function fitsBehind(left: TailSegments, { rotated, active, epochs }: HomeSegments): boolean {
  const { firstSequence, epoch } = firstOf(left);
  if (epoch === pendingEpoch) return false;
  const isNew = active.extent.count === 0 && rotated.length === 0;
  const atHome = new Set([...epochs, ...[active.header, ...rotated].map((each) => each.epoch)]);
  return isNew || firstSequence >= active.nextSequence ||
    [...left.complete, left.active.header].some((each) => atHome.has(each.epoch));
}

function firstOf({ complete, active }: TailSegments): IndexHeader {
  return complete[0] ?? active.header;
}

/** How many of a segment's records come before `first`. */
function keptBefore(first: number, { firstSequence }: IndexHeader, count: number): number {
  return Math.max(0, Math.min(count, first - firstSequence));
}

/** A rotated segment without the records in memory; its files are cut later. */
function outside(
  { from, to }: { readonly from: number; readonly to: number },
  segment: RotatedSegment,
  disk: Disk,
): RotatedSegment {
  const count = keptBefore(from, segment, segment.count);
  // Also what an active segment has taken from it already, and is in memory as well.
  const held = Math.floor(
    ((disk.size(`${segment.base}.idx`) ?? 0) - indexHeaderBytes) / indexEntryBytes,
  );
  const isWhole = count === segment.count &&
    (count >= held || segment.firstSequence + held - 1 > to);
  if (isWhole || segment.firstSequence > to) return segment;
  const files = new SegmentFiles(disk, segment.base);
  const indexBytes = indexHeaderBytes + count * indexEntryBytes;
  const entry = new Uint8Array(indexEntryBytes);
  try {
    files.index.readNow(entry, indexBytes - indexEntryBytes);
  } catch (error) {
    files.close();
    throw error;
  }
  const { offset = 0, length = 0 } = (count > 0 ? decodeIndexEntry(entry, 0) : null) ?? {};
  const lastSequence = segment.firstSequence + count - 1;
  const bytes = offset + length + indexBytes;
  return { ...segment, count, lastSequence, bytes, files, place: "unsettled" };
}
