// Two segments that begin with the same sequence: what the disk refused to go on with was copied, and
// the copy came home before the original could be cut. The one with more of its records stays.

import { soundRecords } from "./index_audit.ts";
import type { JournalFolder } from "./interrupted_rotation.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import { removeSegmentNow } from "./segment_files.ts";
import type { IndexHeader } from "./segment_index.ts";
import { rotatedNames } from "./segment_names.ts";

/** Leaves of segments with the same first sequence the best one. */
export function removeTwins({ disk, folder, channel }: JournalFolder): void {
  const names = rotatedNames(channel, disk.list(folder));
  for (const twins of Map.groupBy(names, ({ firstSequence }) => firstSequence).values()) {
    if (twins.length === 1) continue;
    // Its names must be safe before the others go.
    disk.syncFolderNow(folder);
    const judged = twins.map(({ base }) => ({
      base,
      sound: soundRecords(disk, `${folder}/${base}`),
    }));
    // The later one is the copy, and was synced.
    const best = judged.reduce((best, each) => each.sound >= best.sound ? each : best);
    for (const { base } of judged) {
      if (base !== best.base) removeSegmentNow(disk, `${folder}/${base}`);
    }
  }
}

/**
 * `rotated` without those that the active segment holds as well: they had come home, when a kill made
 * the copy in it count. What the active one holds must be synced.
 */
export function withoutTwinsOfActive(
  { disk, folder, channel }: JournalFolder,
  rotated: readonly RotatedSegment[],
  active: IndexHeader,
): RotatedSegment[] {
  const own = `${folder}/${channel}`;
  return rotated.filter((segment) => {
    const { base, count, compressed, firstSequence, epoch } = segment;
    const isTwin = count === 0 && !compressed && firstSequence === active.firstSequence &&
      epoch === active.epoch;
    if (!isTwin || soundRecords(disk, own) < soundRecords(disk, base)) return true;
    try {
      removeSegmentNow(disk, base);
      return false;
    } catch {
      // It says nothing that the active one does not say; the next opening tries again.
      return true;
    }
  });
}
