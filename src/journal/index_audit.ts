// Compares a segment's index with its log, entry by entry, and says which records can be read,
// which cannot, and which entries are damaged. It changes nothing.

import { crc32 } from "node:zlib";
import type { Disk, ReadFile } from "../platform/disk.ts";
import type { RecordEnd } from "../record.ts";
import { isTorn } from "./log_scan.ts";
import {
  decodeIndexEntry,
  decodeIndexHeader,
  type IndexEntry,
  indexEntryBytes,
  type IndexHeader,
  indexHeaderBytes,
  isReported,
} from "./segment_index.ts";

/** An entry whose line is not in the log as the entry says. `number` counts entries from 0. */
export interface UnreadableRecord {
  readonly number: number;
  readonly entry: IndexEntry;
  /** Opening the journal has told so before. */
  readonly reported: boolean;
}

/** Consecutive entries that are damaged. */
export interface EntryGap {
  /** Number of the first one. */
  readonly first: number;
  /** As they are on the disk, one after the other. */
  readonly bytes: Uint8Array;
  /** Where their lines must stand in the log; `to` is `null` where no entry follows. */
  readonly from: number;
  readonly to: number | null;
}

export interface IndexAudit {
  /** `null` when it is missing or damaged. */
  readonly header: IndexHeader | null;
  /** Entries in the file; NULs at its end are none. */
  readonly count: number;
  /** How many of the entries that were checked match the log. */
  readonly sound: number;
  readonly unreadable: readonly UnreadableRecord[];
  readonly gaps: readonly EntryGap[];
  /** Where the log's last line ends that an entry tells of; not beyond the log. */
  readonly logBytes: number;
  /** The last entry's; `null` when there is none or it is damaged. */
  readonly lastEnd: RecordEnd | null;
  /** The last entry's line stands in the log. */
  readonly lastSound: boolean;
}

const entriesAtOnce = 2048;

/**
 * Without the last entries whose lines a power cut has torn. Neither was synced, but the beginning of
 * the first line may have been, as that of an open record.
 */
export function withoutTornEnd(audit: IndexAudit, log: ReadFile): IndexAudit {
  const unreadable = [...audit.unreadable];
  let { count, logBytes, lastEnd, lastSound } = audit;
  for (let last = unreadable.at(-1); last?.number === count - 1; last = unreadable.at(-1)) {
    const { offset, length } = last.entry;
    // What was told before was torn before.
    if (last.reported || !isTorn(log, offset, offset + length)) break;
    unreadable.pop();
    count -= 1;
    logBytes = Math.min(offset, log.size());
    lastEnd = null;
    lastSound = unreadable.at(-1)?.number !== count - 1;
  }
  return { ...audit, unreadable, count, logBytes, lastEnd, lastSound };
}

/** Of an index that is missing, or of no use. */
export const nothingAudited: IndexAudit = {
  header: null,
  count: 0,
  sound: 0,
  unreadable: [],
  gaps: [],
  logBytes: 0,
  lastEnd: null,
  lastSound: true,
};

/**
 * Audits the index at `path` against `log`: all of it, or the entries of the log's last
 * `newestBytes`. When none of those matches, all are looked at.
 */
export function auditIndex(options: {
  readonly disk: Disk;
  readonly path: string;
  readonly log: ReadFile;
  readonly newestBytes?: number;
}): IndexAudit {
  const { disk, path, log, newestBytes = Infinity } = options;
  if (disk.size(path) === null) return nothingAudited;
  const index = disk.read(path);
  try {
    const headerBytes = new Uint8Array(indexHeaderBytes);
    index.readNow(headerBytes, 0);
    const header = decodeIndexHeader(headerBytes);
    const first = firstBehind(index, log.size() - newestBytes);
    const found = auditEntries(index, log, first);
    const audited = first > 0 && found.sound === 0 ? auditEntries(index, log, 0) : found;
    return { ...audited, header };
  } finally {
    index.close();
  }
}

/** How many records of a segment can be read. */
export function soundRecords(disk: Disk, base: string): number {
  if (disk.size(`${base}.log`) === null) return disk.size(`${base}.log.gz`) === null ? 0 : Infinity;
  const log = disk.read(`${base}.log`);
  try {
    const { header, sound } = auditIndex({ disk, path: `${base}.idx`, log });
    return header === null ? 0 : sound;
  } finally {
    log.close();
  }
}

function auditEntries(index: ReadFile, log: ReadFile, first: number): IndexAudit {
  const count = countEntries(index);
  const logSize = log.size();
  const lines = new LineWindow(log);
  const entries = new Uint8Array(entriesAtOnce * indexEntryBytes);
  const unreadable: UnreadableRecord[] = [];
  const gaps: EntryGap[] = [];
  let damaged: Uint8Array[] = [];
  let sound = 0;
  /** Where the last line ends that stands in the log as its entry says. */
  let soundEnd = first === 0 ? 0 : entryEnd(index, first - 1);
  let logBytes = Math.min(soundEnd, logSize);
  let lastEnd: RecordEnd | null = null;
  let lastSound = true;
  const closeGap = (next: number, to: number | null): void => {
    if (damaged.length === 0) return;
    const bytes = new Uint8Array(damaged.length * indexEntryBytes);
    for (const [i, entry] of damaged.entries()) bytes.set(entry, i * indexEntryBytes);
    gaps.push({ first: next - damaged.length, bytes, from: logBytes, to });
    damaged = [];
  };
  for (let number = first; number < count; number++) {
    const at = (number - first) % entriesAtOnce * indexEntryBytes;
    if (at === 0) index.readNow(entries, indexHeaderBytes + number * indexEntryBytes);
    const entry = decodeIndexEntry(entries, at);
    // One that points back was not written here.
    if (entry === null || entry.offset < soundEnd) {
      damaged.push(entries.slice(at, at + indexEntryBytes));
      lastEnd = null;
      continue;
    }
    closeGap(number, entry.offset);
    const line = lines.at(entry.offset, entry.length);
    lastSound = line.length === entry.length && crc32(line) === entry.checksum;
    if (lastSound) {
      sound += 1;
      soundEnd = entry.offset + entry.length;
    } else {
      unreadable.push({ number, entry, reported: isReported(entries, at) });
    }
    logBytes = Math.min(Math.max(logBytes, entry.offset + entry.length), logSize);
    lastEnd = entry.end;
  }
  closeGap(count, null);
  return { header: null, count, sound, unreadable, gaps, logBytes, lastEnd, lastSound };
}

/** Whole entries in the index; NULs at its end are a power cut's. */
function countEntries(index: ReadFile): number {
  const bytes = new Uint8Array(indexEntryBytes);
  let count = Math.max(0, Math.floor((index.size() - indexHeaderBytes) / indexEntryBytes));
  for (; count > 0; count--) {
    index.readNow(bytes, indexHeaderBytes + (count - 1) * indexEntryBytes);
    if (bytes.some((byte) => byte !== 0)) break;
  }
  return count;
}

/** Number of the first entry whose line ends behind `offset`; 0 where an entry is damaged. */
function firstBehind(index: ReadFile, offset: number): number {
  let low = 0;
  let high = Math.floor((index.size() - indexHeaderBytes) / indexEntryBytes);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const end = entryEnd(index, middle);
    if (end < 0) return 0;
    if (end <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the line of entry `number` ends in the log, or -1 when the entry is damaged. */
function entryEnd(index: ReadFile, number: number): number {
  const bytes = new Uint8Array(indexEntryBytes);
  index.readNow(bytes, indexHeaderBytes + number * indexEntryBytes);
  const entry = decodeIndexEntry(bytes, 0);
  return entry === null ? -1 : entry.offset + entry.length;
}

/** Lines of a log in rising order, read a mebibyte at a time. */
class LineWindow {
  readonly #log: ReadFile;
  readonly #size: number;
  #bytes = new Uint8Array(0);
  #offset = 0;

  constructor(log: ReadFile) {
    this.#log = log;
    this.#size = log.size();
  }

  /** The line; shorter when the log ends before it does. */
  at(offset: number, length: number): Uint8Array {
    if (offset + length > this.#size) return new Uint8Array(0);
    if (offset < this.#offset || offset + length > this.#offset + this.#bytes.length) {
      const room = Math.max(length, Math.min(1024 * 1024, this.#size - offset));
      const bytes = new Uint8Array(room);
      this.#bytes = bytes.subarray(0, this.#log.readNow(bytes, offset));
      this.#offset = offset;
    }
    const from = offset - this.#offset;
    return this.#bytes.subarray(from, from + length);
  }
}
