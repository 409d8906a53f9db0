// Finishes what a kill or a power cut has interrupted: a rotation (rotation.ts), or the copying of a
// segment to its place (homecoming.ts, compression.ts). The names tell how far it went.

import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { Disk } from "../platform/disk.ts";
import type { Report } from "../platform/notice.ts";
import { freeRotatedBase, readIndexHeader } from "./rotated_segment.ts";
import { decodeIndexEntry, indexEntryBytes, indexHeaderBytes } from "./segment_index.ts";
import { soundRecords } from "./index_audit.ts";
import { startOfNulls } from "./log_scan.ts";
import { sweepComing } from "./rotation.ts";
import { rotatedNames } from "./segment_names.ts";

const LF = 0x0a;
const searchedBytes = 4 * 1024 * 1024;
const comparedLines = 64;

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
  /** The last run left records in memory: an unfinished coming segment was a copy of those. */
  readonly isInMemory: boolean;
  readonly report: Report;
}): void {
  const { disk, folder, channel } = place;
  const base = `${folder}/${channel}`;
  const next = `${base}.next`;
  const has = (path: string): boolean => disk.size(path) !== null;
  if (!has(`${next}.log`) && !has(`${next}.idx`)) return;
  const [hasLog, hasIndex] = [has(`${base}.log`), has(`${base}.idx`)];
  if (!has(`${next}.log`) && (hasLog || hasIndex)) {
    // The coming log has the active name already; or it never was on the disk.
    if (!hasIndex) disk.rename(`${next}.idx`, `${base}.idx`);
    else disk.remove(`${next}.idx`);
    return;
  }
  const unnumbered = readIndexHeader(disk, next) === null;
  if (unnumbered && options.isInMemory) return sweepComing(disk, folder, channel);
  const old = hasLog && hasIndex ? base : hasLog || hasIndex ? null : newestRotated(place);
  // Of two with as many records the coming one counts: it may have an open one that memory lost in a kill.
  if (old !== null && old !== base && holdsMore(disk, old, next)) {
    return sweepComing(disk, folder, channel);
  }
  if (old !== null && !options.isInMemory) {
    const open = openRecord(disk, old);
    const isNeeded = old !== base && open.length === 0;
    if (isNothingNew(disk, next, old) && !isNeeded) return sweepComing(disk, folder, channel);
    // Of a copy whose beginning was lost nobody can tell which numbers its records had.
    const isDoubtful = unnumbered && (old === base || repeats(disk, next, old));
    const isTorn = isDoubtful || !carriesOpenRecord(disk, next, old) ||
      !belongTogether(disk, `${next}.log`, `${next}.idx`);
    if (isTorn) return setAsideTorn(place, options.report);
  }
  putOldAway(place, options);
  disk.syncFolderNow(folder);
  for (const ending of [".log", ".idx"]) {
    if (has(next + ending)) disk.rename(next + ending, base + ending);
  }
  disk.syncFolderNow(folder);
}

/** Path without ending of the newest rotated segment, if it is not packed. */
function newestRotated({ disk, folder, channel }: JournalFolder): string | null {
  const newest = rotatedNames(channel, disk.list(folder)).at(-1);
  if (newest === undefined) return null;
  const base = `${folder}/${newest.base}`;
  return disk.size(`${base}.log`) === null ? null : base;
}

/** Whether a segment begins like the coming one and has more records. */
function holdsMore(disk: Disk, base: string, coming: string): boolean {
  const first = readIndexHeader(disk, coming)?.firstSequence;
  return first !== undefined && first === readIndexHeader(disk, base)?.firstSequence &&
    soundRecords(disk, base) > soundRecords(disk, coming);
}

/** A power cut has left bytes of a coming segment, never synced, but not all of its beginning. */
function setAsideTorn({ disk, folder, channel }: JournalFolder, report: Report): void {
  const path = `${folder}/${channel}.next.log`;
  const bytes = disk.size(path) ?? 0;
  let quarantine = `${path}.quarantine`;
  for (let n = 2; disk.size(quarantine) !== null; n++) quarantine = `${path}.quarantine-${n}`;
  if (disk.size(path) !== null) disk.rename(path, quarantine);
  report({
    level: "error",
    kind: "stray_bytes",
    message:
      `open journal: ${path}: ${bytes} bytes were never synced and are torn; set aside in ${quarantine}`,
    details: { bytes },
  });
  if (disk.size(`${folder}/${channel}.next.idx`) !== null) {
    disk.remove(`${folder}/${channel}.next.idx`);
  }
}

/**
 * Whether the coming segment holds nothing, or just the start of the old one's open record. Where the
 * disk refused to make it, that one went on, and may have ended.
 */
function isNothingNew(disk: Disk, coming: string, old: string): boolean {
  if ((disk.size(`${coming}.idx`) ?? 0) > indexHeaderBytes) return false;
  const open = openRecord(disk, old);
  const moved = readPart(disk, `${coming}.log`, 0, disk.size(`${coming}.log`) ?? 0);
  if (moved.length <= open.length && moved.every((byte, i) => byte === open[i])) return true;
  return readIndexHeader(disk, coming) === null && newestBytes(disk, old).indexOf(moved) >= 0;
}

/**
 * Whether the coming segment begins with the old one's open record, as it does once it is synced. The
 * old one's bytes need not have been: where NULs stand the power cut may have left nothing of them.
 */
function carriesOpenRecord(disk: Disk, coming: string, old: string): boolean {
  const open = openRecord(disk, old);
  const moved = readPart(disk, `${coming}.log`, 0, open.length);
  return moved.length === open.length &&
    moved.every((byte, i) => byte === open[i] || open[i] === 0);
}

function holdsRecords(disk: Disk, index: string): boolean {
  return (disk.size(index) ?? 0) > indexHeaderBytes;
}

/**
 * Whether the first record that an index tells of, if there is one, stands in the log; where a power
 * cut may have torn that (`isTorn`), also when the log ends before.
 */
function belongTogether(
  disk: Disk,
  log: string,
  index: string,
  { isTorn = false }: { readonly isTorn?: boolean } = {},
): boolean {
  const entry = decodeIndexEntry(readPart(disk, index, indexHeaderBytes, indexEntryBytes), 0);
  if (entry === null) return true;
  if (isTorn && (disk.size(log) ?? 0) < entry.offset + entry.length) return true;
  return crc32(readPart(disk, log, entry.offset, entry.length)) === entry.checksum;
}

/**
 * Whether any of the first lines of the coming log stands in the old one's last mebibytes: of those
 * that were copied a power cut may have torn some there.
 */
function repeats(disk: Disk, coming: string, old: string): boolean {
  const start = readPart(disk, `${coming}.log`, 0, 64 * 1024);
  const bytes = newestBytes(disk, old);
  let at = 0;
  for (let count = 0; count < comparedLines && at < start.length; count++) {
    const end = start.indexOf(LF, at) + 1 || start.length;
    if (bytes.indexOf(start.subarray(at, end)) >= 0) return true;
    at = end;
  }
  return false;
}

/** A log's last mebibytes. */
function newestBytes(disk: Disk, base: string): Buffer {
  const from = Math.max(0, (disk.size(`${base}.log`) ?? 0) - searchedBytes);
  return Buffer.from(readPart(disk, `${base}.log`, from, searchedBytes));
}

/** What stands in a log behind the last record that is whole there. */
function openRecord(disk: Disk, base: string): Uint8Array {
  const log = disk.read(`${base}.log`);
  try {
    const wholeBytes = startOfNulls(log, 0);
    const indexBytes = disk.size(`${base}.idx`) ?? 0;
    let count = Math.max(0, Math.floor((indexBytes - indexHeaderBytes) / indexEntryBytes));
    let end = 0;
    for (; count > 0; count--) {
      const at = indexHeaderBytes + (count - 1) * indexEntryBytes;
      const entry = decodeIndexEntry(readPart(disk, `${base}.idx`, at, indexEntryBytes), 0);
      end = entry === null ? 0 : entry.offset + entry.length;
      if (entry !== null && end <= wholeBytes) break;
      end = 0;
    }
    const bytes = new Uint8Array(log.size() - end);
    return bytes.subarray(0, log.readNow(bytes, end));
  } finally {
    log.close();
  }
}

function readPart(disk: Disk, path: string, offset: number, length: number): Uint8Array {
  if (length === 0 || disk.size(path) === null) return new Uint8Array(0);
  const file = disk.read(path);
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, file.readNow(bytes, offset));
  } finally {
    file.close();
  }
}

/**
 * A power cut has taken the memory in which an open record went on: its beginning stands in the
 * newest segment, which becomes the active one again.
 */
export function reopenNewest(place: JournalFolder): void {
  const { disk, folder, channel } = place;
  const active = `${folder}/${channel}`;
  if (disk.size(`${active}.log`) !== null || disk.size(`${active}.idx`) !== null) return;
  const base = newestRotated(place);
  if (base === null || readIndexHeader(disk, base) === null) return;
  if (openRecord(disk, base).length === 0) return;
  disk.rename(`${base}.log`, `${active}.log`);
  disk.rename(`${base}.idx`, `${active}.idx`);
  disk.syncFolderNow(folder);
}

/** Gives a segment of which one file was renamed its other one. */
export function completeMoves({ disk, folder, channel }: JournalFolder): void {
  const has = (path: string): boolean => disk.size(path) !== null;
  const rotated = rotatedNames(channel, disk.list(folder)).map(({ base, firstSequence }) => ({
    base: `${folder}/${base}`,
    firstSequence,
  }));
  const active = [`${folder}/${channel}`, `${folder}/${channel}.next`].map((base) => ({
    base,
    firstSequence: readIndexHeader(disk, base)?.firstSequence,
  }));
  const all = [...rotated, ...active];
  const logs = all.filter(({ base }) =>
    has(`${base}.log`) && !has(`${base}.idx`) && !has(`${base}.log.gz`)
  );
  const indexes = all.filter(({ base }) =>
    has(`${base}.idx`) && !has(`${base}.log`) && !has(`${base}.log.gz`)
  );
  for (const index of indexes) {
    const log = logs.find(({ base, firstSequence }) =>
      firstSequence === undefined
        ? holdsRecords(disk, `${index.base}.idx`) &&
          belongTogether(disk, `${base}.log`, `${index.base}.idx`)
        : firstSequence === index.firstSequence &&
          belongTogether(disk, `${base}.log`, `${index.base}.idx`, { isTorn: true })
    );
    if (log === undefined) continue;
    if (rotated.some(({ base }) => base === log.base)) {
      disk.rename(`${index.base}.idx`, `${log.base}.idx`);
    } else disk.rename(`${log.base}.log`, `${index.base}.log`);
  }
}

/** Renames the old segment, if it still has the names of the active one. */
function putOldAway(
  { disk, folder, channel }: JournalFolder,
  { nextSequence, wallMs }: { readonly nextSequence: number; readonly wallMs: number },
): void {
  const base = `${folder}/${channel}`;
  const first = readIndexHeader(disk, base)?.firstSequence ?? nextSequence;
  const target = freeRotatedBase({ disk, folder, channel }, first, wallMs);
  for (const ending of [".log", ".idx"]) {
    if (disk.size(base + ending) !== null) disk.rename(base + ending, target + ending);
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
