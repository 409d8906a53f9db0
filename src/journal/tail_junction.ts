// Fits what a run left in memory behind what stands on the disk. Pure but for the files it removes:
// those whose records had come home already when the run ended.

import type { ActiveSegment } from "./active_segment.ts";
import type { MemoryTail, TailSegments } from "./memory_tail.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import type { IndexHeader } from "./segment_index.ts";

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
}

/**
 * Puts the segments of `left` behind those on the disk. Numbers that do not fit there are given
 * anew, from `next` on.
 */
export function joinTail(options: {
  readonly home: HomeSegments;
  readonly left: TailSegments | null;
  readonly next: IndexHeader;
  readonly tail: MemoryTail;
}): JoinedSegments {
  const { home, next, tail } = options;
  const { rotated, active } = home;
  const left = options.left === null ? null : withoutCopies(options.left, home, tail);
  if (left === null) return { segments: rotated, active, inMemory: false };
  const first = left.complete[0]?.firstSequence ?? left.active.header.firstSequence;
  const continues = first > active.header.firstSequence ||
    first === active.header.firstSequence && active.header.epoch === left.active.header.epoch;
  // Bytes of an open record that nothing continues end here.
  if (!continues) endOpenRecord(active);
  const behind = continues ? left : tail.renumber(left, next);
  const kept = continues
    ? Math.min(active.extent.count, first - active.header.firstSequence)
    : active.extent.count;
  return {
    segments: [...rotated, active.firstRecords(kept, "unsettled"), ...behind.complete],
    active: behind.active,
    inMemory: true,
  };
}

/** Without the segments that stand on the disk as well; `null` when that was all. */
function withoutCopies(
  left: TailSegments,
  { rotated, active }: HomeSegments,
  tail: MemoryTail,
): TailSegments | null {
  const copies = [...rotated, active.firstRecords(active.extent.count, "disk")];
  const hasCopy = (segment: RotatedSegment): boolean =>
    copies.some((copy) =>
      copy.epoch === segment.epoch && copy.firstSequence === segment.firstSequence &&
      copy.lastSequence >= segment.lastSequence
    );
  const complete = left.complete.filter((segment) => {
    const copied = hasCopy(segment);
    if (copied) tail.remove(segment);
    return !copied;
  });
  const last = left.active.firstRecords(left.active.extent.count, "memory");
  const isAtHome = active.header.firstSequence === left.active.header.firstSequence;
  const openIsCopied = isAtHome && active.nextSequence === left.active.nextSequence
    ? active.openLogBytes >= left.active.openLogBytes
    : isAtHome || left.active.openLogBytes === 0;
  const isEmpty = left.active.bytes === 0 || last.count === 0 && left.active.openLogBytes === 0;
  const isNeedless = isEmpty && complete.length === 0 || hasCopy(last) && openIsCopied;
  if (!isNeedless) return { complete, active: left.active };
  left.active.files.remove();
  left.active.close();
  if (complete.length > 0) throw new Error("join: the last segment is at home, others are not");
  return null;
}

function endOpenRecord(segment: ActiveSegment): void {
  if (segment.extent.open === null) return;
  segment.append([{ bytes: new Uint8Array(0), end: "stop" }], segment.extent.open.timeMs);
}
