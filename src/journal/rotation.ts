// Exchanges the active segment for a new one. Every step can be interrupted by a power cut: the
// coming segment is whole before the old one moves, and the names tell which step was the last
// (opening.ts finishes it). A record that is open moves along.

import type { Disk } from "../platform/disk.ts";
import type { RecordHeader } from "../record.ts";
import { ActiveSegment, createSegmentFiles } from "./active_segment.ts";
import type { IndexHeader } from "./segment_index.ts";
import { rotatedBase } from "./segment_names.ts";

/**
 * Rotates `old` away and returns the segment that takes its place, and the path without ending
 * that the old one has now (`null` when it held no record and was removed). `old` is synced and
 * left open. Blocks for as long as the syncs take.
 */
export function rotateSegment(options: {
  readonly disk: Disk;
  readonly folder: string;
  readonly channel: string;
  readonly old: ActiveSegment;
  /** Of the coming segment. */
  readonly header: IndexHeader;
  readonly wallMs: number;
  readonly recordHeader: RecordHeader;
}): { readonly active: ActiveSegment; readonly rotated: string | null } {
  const { disk, folder, channel, old, header, recordHeader } = options;
  const base = `${folder}/${channel}`;
  const tail = readOpenRecord(disk, base, old);
  old.syncNow();
  createSegmentFiles({ disk, base: `${base}.next`, header, tail });
  disk.syncFolder(folder);
  let rotated: string | null = null;
  if (old.extent.count === 0) {
    disk.remove(`${base}.log`);
    disk.remove(`${base}.idx`);
  } else {
    rotated = `${folder}/${rotatedBase(channel, old.header.firstSequence, options.wallMs)}`;
    disk.rename(`${base}.log`, `${rotated}.log`);
    disk.rename(`${base}.idx`, `${rotated}.idx`);
  }
  disk.syncFolder(folder);
  disk.rename(`${base}.next.log`, `${base}.log`);
  disk.rename(`${base}.next.idx`, `${base}.idx`);
  disk.syncFolder(folder);
  const { open, lastEnd } = old.extent;
  const extent = {
    logBytes: tail.length,
    count: 0,
    open: open === null ? null : { ...open, offset: 0 },
    lastEnd,
  };
  old.dropOpen();
  return { active: new ActiveSegment({ disk, base, header, extent, recordHeader }), rotated };
}

/** What stands of the open record in the log at `base`. */
function readOpenRecord(disk: Disk, base: string, segment: ActiveSegment): Uint8Array {
  const { open, logBytes } = segment.extent;
  if (open === null) return new Uint8Array(0);
  const bytes = new Uint8Array(logBytes - open.offset);
  const log = disk.read(`${base}.log`);
  try {
    log.readNow(bytes, open.offset);
  } finally {
    log.close();
  }
  return bytes;
}
