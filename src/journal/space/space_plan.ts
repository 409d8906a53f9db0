// Which rotated segments have to go so that the disk keeps its floor and the journals their
// ceiling. Pure.
//
// What is no record goes first, then what is delivered, oldest first over all channels. A record that some sink still needs
// is only deleted where that helps: for the ceiling, because it is our own use that breaks it; for
// the floor, only when memory takes no more records either, and one segment at a time. Below half
// the floor not even then: we keep the floor ourselves, so somebody else is filling the disk, and
// whatever we delete would only feed him. What is just being delivered goes last: nobody could tell
// what of it is lost.

import { floorMarginBytes } from "./space_limits.ts";

/** A rotated segment, as far as room goes. */
export interface SpaceSegment {
  readonly channel: string;
  /** What deleting it gives back: all of its files. */
  readonly bytes: number;
  /** Wall clock when it was rotated. */
  readonly endedMs: number;
  readonly firstSequence: number;
  /** Every sink has passed its last record. */
  readonly passed: boolean;
  /** Not of records: it goes before any of them. @default {false} */
  readonly isDispensable?: boolean;
  /** Some sink may be about to have records of it. */
  readonly underWay: boolean;
}

export interface SpaceNeed {
  /** Ceiling of `journalBytes`; `undefined` for none. */
  readonly maxTotalBytes: number | undefined;
  /** What all journals take now, active segments included. */
  readonly journalBytes: number;
  readonly freeBytes: number;
  readonly floorBytes: number;
  /** Free space fell below the floor and has not risen clear of it yet: `SpaceStatus.belowFloor`. */
  readonly belowFloor: boolean;
  /** Memory takes no more of the records that wait for the disk. */
  readonly tailFull: boolean;
}

/**
 * The segments to delete, in this order. None when nothing is wrong; fewer than it would take when
 * there are no more that may go.
 */
export function planSpace<Segment extends SpaceSegment>(
  segments: readonly Segment[],
  need: SpaceNeed,
): Segment[] {
  const ceilingBytes = Math.max(0, need.journalBytes - (need.maxTotalBytes ?? Infinity));
  const floorBytes = missingBytes(need);
  const waiting = oldestFirst(segments);
  const records = waiting.filter(({ isDispensable = false }) => !isDispensable);
  const dispensable = waiting.filter(({ isDispensable = false }) => isDispensable);
  const passed = [...dispensable, ...records.filter((segment) => segment.passed)];
  const plan = enough(passed, Math.max(ceilingBytes, floorBytes));
  const needed = records.filter((segment) => !segment.passed);
  needed.sort((a, b) => Number(a.underWay) - Number(b.underWay));
  const sacrificed = enough(needed, ceilingBytes - sumOf(plan));
  plan.push(...sacrificed);
  const floorIsOurs = need.freeBytes >= need.floorBytes / 2;
  if (sacrificed.length === 0 && need.tailFull && floorIsOurs && sumOf(plan) < floorBytes) {
    plan.push(...needed.slice(0, 1));
  }
  return plan;
}

/** Free space that has to be won for the floor, margin included: only then records are written. */
function missingBytes({ freeBytes, floorBytes, belowFloor }: SpaceNeed): number {
  if (!belowFloor && freeBytes >= floorBytes) return 0;
  return Math.max(0, floorBytes + floorMarginBytes(floorBytes) - freeBytes);
}

/**
 * Oldest first over all channels, and within a channel by sequence whatever the clock did: a
 * segment counts as ended no earlier than those before it, so that a clock that was behind for a
 * while makes nothing old.
 */
function oldestFirst<Segment extends SpaceSegment>(segments: readonly Segment[]): Segment[] {
  const latestMs = new Map<string, number>();
  return [...segments]
    .sort((a, b) => a.firstSequence - b.firstSequence)
    .map((segment) => {
      const endedMs = Math.max(segment.endedMs, latestMs.get(segment.channel) ?? -Infinity);
      latestMs.set(segment.channel, endedMs);
      return { segment, endedMs };
    })
    .sort((a, b) => a.endedMs - b.endedMs || a.segment.firstSequence - b.segment.firstSequence)
    .map(({ segment }) => segment);
}

/** The first segments that make up `bytes` together; all when they do not. */
function enough<Segment extends SpaceSegment>(
  segments: readonly Segment[],
  bytes: number,
): Segment[] {
  let sum = 0;
  const count = segments.findIndex((segment) => {
    if (sum >= bytes) return true;
    sum += segment.bytes;
    return false;
  });
  return segments.slice(0, count < 0 ? segments.length : count);
}

function sumOf(segments: readonly SpaceSegment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}
