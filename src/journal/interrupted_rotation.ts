// Finishes what a kill or a power cut has interrupted: a rotation (rotation.ts), or the copying of a
// segment to its place (homecoming.ts, compression.ts). The names tell how far it went.

import type { Disk } from "../platform/disk.ts";
import type { Report } from "../platform/notice.ts";
import { readIndexHeader } from "./rotated_segment.ts";
import { decodeIndexEntry, indexEntryBytes, indexHeaderBytes } from "./segment_index.ts";
import { rotatedBase, rotatedNames } from "./segment_names.ts";

export interface JournalFolder {
  readonly disk: Disk;
  readonly folder: string;
  readonly channel: string;
}

/**
 * Leaves an active segment and rotated ones, each under its names. `nextSequence` is what the old
 * segment is called by when its index is gone.
 */
export function finishRotation(place: JournalFolder, options: {
  readonly nextSequence: number;
  readonly wallMs: number;
  readonly report: Report;
}): void {
  const { disk, folder, channel } = place;
  const { report } = options;
  const base = `${folder}/${channel}`;
  const has = (path: string): boolean => disk.size(path) !== null;
  if (!has(`${base}.next.log`) && !has(`${base}.next.idx`)) return;
  const oldIsWhole = has(`${base}.log`) && has(`${base}.idx`);
  const comingHasNothing = oldIsWhole && isNothingNew(disk, `${base}.next`, base);
  if (oldIsWhole && !comingHasNothing && readIndexHeader(disk, `${base}.next`) === null) {
    return setAsideUnnumbered(place, report);
  }
  const oldHasLeft = !has(`${base}.log`) && !has(`${base}.idx`);
  if (!has(`${base}.next.log`) && !oldHasLeft || comingHasNothing) {
    // Its log never was on the disk, or is the active one already.
    if (has(`${base}.log`) && !has(`${base}.idx`) && !comingHasNothing) {
      disk.rename(`${base}.next.idx`, `${base}.idx`);
    }
    for (const ending of [".next.log", ".next.idx"]) {
      if (has(base + ending)) disk.remove(base + ending);
    }
    return;
  }
  putOldAway(place, options);
  disk.syncFolderNow(folder);
  for (const ending of [".log", ".idx"]) {
    if (has(`${base}.next${ending}`)) disk.rename(`${base}.next${ending}`, base + ending);
  }
  disk.syncFolderNow(folder);
}

/** A power cut has left bytes of a coming segment, never synced, but not where it begins. */
function setAsideUnnumbered({ disk, folder, channel }: JournalFolder, report: Report): void {
  const path = `${folder}/${channel}.next.log`;
  const bytes = disk.size(path) ?? 0;
  report({
    level: "error",
    kind: "stray_bytes",
    message:
      `open journal: ${path}: ${bytes} bytes have lost their index; set aside in ${path}.quarantine`,
    details: { bytes },
  });
  if (disk.size(`${path}.quarantine`) !== null) disk.remove(`${path}.quarantine`);
  disk.rename(path, `${path}.quarantine`);
  if (disk.size(`${folder}/${channel}.next.idx`) !== null) {
    disk.remove(`${folder}/${channel}.next.idx`);
  }
}

/** Whether the coming segment holds nothing, or just the start of the old one's open record. */
function isNothingNew(disk: Disk, coming: string, old: string): boolean {
  if ((disk.size(`${coming}.idx`) ?? 0) > indexHeaderBytes) return false;
  const oldIndexBytes = disk.size(`${old}.idx`) ?? 0;
  const count = Math.max(0, Math.floor((oldIndexBytes - indexHeaderBytes) / indexEntryBytes));
  const entry = decodeIndexEntry(
    readPart(disk, `${old}.idx`, indexHeaderBytes + (count - 1) * indexEntryBytes, indexEntryBytes),
    0,
  );
  const end = count === 0 || entry === null ? 0 : entry.offset + entry.length;
  const moved = readPart(disk, `${coming}.log`, 0, disk.size(`${coming}.log`) ?? 0);
  const open = readPart(disk, `${old}.log`, end, moved.length);
  return moved.length === open.length && moved.every((byte, i) => byte === open[i]);
}

function readPart(disk: Disk, path: string, offset: number, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  const file = disk.read(path);
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, file.readNow(bytes, Math.max(0, offset)));
  } finally {
    file.close();
  }
}

/** Renames the files of the old segment that are still under the names of the active one. */
function putOldAway(
  { disk, folder, channel }: JournalFolder,
  { nextSequence, wallMs }: { readonly nextSequence: number; readonly wallMs: number },
): void {
  const base = `${folder}/${channel}`;
  const has = (path: string): boolean => disk.size(path) !== null;
  const half = rotatedNames(channel, disk.list(folder)).findLast(({ base: name }) => {
    const [log, index] = [has(`${folder}/${name}.log`), has(`${folder}/${name}.idx`)];
    return has(`${base}.log`) ? index && !log && !has(`${folder}/${name}.log.gz`) : log && !index;
  });
  const first = readIndexHeader(disk, base)?.firstSequence ?? nextSequence;
  const target = half === undefined
    ? `${folder}/${rotatedBase(channel, first, wallMs)}`
    : `${folder}/${half.base}`;
  for (const ending of [".log", ".idx"]) {
    if (has(base + ending)) disk.rename(base + ending, target + ending);
  }
}

/** Half-written copies; and packed logs whose original was not deleted any more. */
export function removeTemporaries({ disk, folder, channel }: JournalFolder): void {
  const names = disk.list(folder).filter((name) => name.startsWith(`${channel}.`));
  for (const name of names) {
    const path = `${folder}/${name}`;
    const packedTwice = name.endsWith(".log.gz") && names.includes(name.slice(0, -".gz".length));
    const base = name.replace(/\.idx\.tmp$/, "");
    const hasLog = names.includes(`${base}.log`) || names.includes(`${base}.log.gz`);
    if (base !== name && hasLog && !names.includes(`${base}.idx`)) {
      disk.rename(path, `${folder}/${base}.idx`);
    } else if (name.endsWith(".tmp") || packedTwice) disk.remove(path);
  }
}
