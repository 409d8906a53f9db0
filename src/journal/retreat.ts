// The way from a disk that refuses into memory: what the disk is known to hold stays there, all the
// rest is copied. Copying reads what the kernel still has of the files, which a failed sync leaves.

import { errorText, type Notice } from "../platform/notice.ts";
import type { ActiveSegment } from "./active_segment.ts";
import type { MemoryTail } from "./memory_tail.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import type { Rotation } from "./rotation.ts";
import type { SegmentFiles } from "./segment_files.ts";

/** Where a journal goes on after a retreat. */
export interface Retreat {
  readonly active: ActiveSegment;
  /** What takes no more records, oldest first. Takes the place of what the rotation had on the shelf. */
  readonly segments: readonly RotatedSegment[];
  /** Of a coming segment that came to nothing: to be deleted and closed. */
  readonly refuse: SegmentFiles | null;
}

/** @throws {Error} when memory refuses; all is as it was before */
export function retreat(options: {
  readonly tail: MemoryTail;
  readonly wallMs: number;
  readonly active: ActiveSegment;
  /** A rotation that is not settled, if there is one. It is abandoned. */
  readonly rotation: Rotation | null;
  /** A segment in memory of which `active` is a copy. */
  readonly fallback: ActiveSegment | null;
}): Retreat {
  const { tail, wallMs, active, rotation, fallback } = options;
  const former = rotation?.old ?? null;
  const formerKept = former === null ? 0 : keptCount(former);
  const isNamed = rotation === null || rotation.comingIsNamed;
  // What never had lasting names is all in memory, too.
  const isNeeded = fallback === null && isNamed;
  const kept = isNeeded ? keptCount(active) : 0;
  // Asks the disk for the last time, before anything is changed.
  const segments = [
    ...former === null ? [] : [former.firstRecords(formerKept, "unsettled")],
    ...isNeeded ? [active.firstRecords(kept, "unsettled")] : [],
  ];
  // The newer part first: with less than all, memory must not seem to end before the disk does.
  const next = fallback ?? beginWithRest(active, kept);
  let between: ActiveSegment | null = null;
  try {
    if (former !== null && formerKept < former.extent.count) {
      between = beginWithRest(former, formerKept, true);
    }
  } catch (error) {
    if (fallback === null) next.files.discard();
    throw error;
  }
  rotation?.abandon();
  if (between !== null) segments.splice(1, 0, tail.complete(between));
  return { active: next, segments, refuse: isNeeded ? null : active.files };

  function beginWithRest(segment: ActiveSegment, from: number, withoutOpen = false): ActiveSegment {
    const { firstSequence, epoch } = segment.header;
    const header = from === 0 ? segment.header : { firstSequence: firstSequence + from, epoch };
    return tail.begin({ header, wallMs, former: segment, from, withoutOpen });
  }
}

/** How many records need not be copied: the synced ones; all where the files have lost their names. */
function keptCount(segment: ActiveSegment): number {
  return segment.files.mayBeHere ? segment.durableCount : segment.extent.count;
}

/** What people are told when the disk begins to refuse. */
export function refusalNotice(channel: string, cause: unknown, maxBytes: number): Notice {
  const megabytes = (maxBytes / 2 ** 20).toFixed(maxBytes < 2 ** 20 ? 1 : 0);
  return {
    level: "error",
    kind: "disk_refuses",
    message: `${channel}: ${errorText(cause)}; capture goes on in memory, ` +
      `up to ${megabytes} MB for all channels`,
    hint: "make room or mend the disk: df -h, dmesg, mount; it is tried again by itself",
  };
}
