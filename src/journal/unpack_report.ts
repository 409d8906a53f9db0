// What there is to tell when a packed log could not be unpacked whole: the exact records that are
// lost, by the segment's index, which was never packed.

import type { Disk } from "../platform/disk.ts";
import type { Notice } from "../platform/notice.ts";
import type { UnpackedLog } from "./compression.ts";
import { unreadableRuns } from "./damage.ts";
import { auditIndex } from "./index_audit.ts";
import { entriesIn } from "./log_tail.ts";

/** The segment at `base`, its path without ending, after its log was unpacked. */
export function unpackNotices(
  disk: Disk,
  { base, firstSequence }: { readonly base: string; readonly firstSequence: number },
  { bytes, damage }: UnpackedLog,
): Notice[] {
  if (damage === null) return [];
  const lost = unreadableRuns(unreadable(disk, base).map((number) => firstSequence + number));
  return [
    damagedPackNotice(base, { bytes, damage }),
    ...lost.map(({ what, from, to }): Notice => ({
      level: "error",
      kind: what,
      message: `unpack ${base}.log.gz: records ${from}–${to} cannot be read`,
      details: { from, to },
    })),
  ];
}

/** A packed log of which only so many bytes could be read. */
export function damagedPackNotice(
  base: string,
  { bytes, damage }: { readonly bytes: number; readonly damage: string },
): Notice {
  return {
    level: "error",
    kind: "packed_log_damaged",
    message: `unpack ${base}.log.gz: ${bytes} bytes can be read: ${damage}`,
    hint: `the packed file is kept as ${base}.log.gz.quarantine`,
    details: { bytes },
  };
}

/** Numbers of entries, from 0, whose lines are not in the log, in rising order. */
function unreadable(disk: Disk, base: string): number[] {
  const log = disk.read(`${base}.log`);
  try {
    const audit = auditIndex({ disk, path: `${base}.idx`, log });
    const damaged = audit.gaps.flatMap((gap) =>
      Array.from({ length: entriesIn(gap) }, (_, i) => gap.first + i)
    );
    return [...audit.unreadable.map(({ number }) => number), ...damaged].sort((a, b) => a - b);
  } finally {
    log.close();
  }
}
