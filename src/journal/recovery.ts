// Brings one segment's log and index into agreement after a crash. It never refuses and never
// cuts the log: what cannot be read stays where it is and is reported with its exact place.

import { crc32 } from "node:zlib";
import { appendAll, type Disk, type ReadFile } from "../platform/disk.ts";
import type { RecordEnd, RecordHeader } from "../record.ts";
import type { OpenRecord, SegmentExtent } from "./active_segment.ts";
import { scanLog } from "./log_scan.ts";
import {
  decodeIndexEntry,
  decodeIndexHeader,
  encodeIndexEntry,
  encodeIndexHeader,
  indexEntryBytes,
  type IndexHeader,
  indexHeaderBytes,
} from "./segment_index.ts";

/** What was found wrong in a segment, and stays wrong. */
export interface Damage {
  readonly what: "unreadable_records" | "stray_bytes" | "index_lost";
  /** First and last sequence of unreadable records; offset and length of stray bytes. */
  readonly from: number;
  readonly to: number;
}

export interface RepairedSegment {
  readonly header: IndexHeader;
  readonly extent: SegmentExtent;
  /** Records that were whole in the log and got a new index entry. */
  readonly reindexed: number;
  readonly damage: readonly Damage[];
}

interface VerifiedIndex {
  readonly header: IndexHeader | null;
  readonly count: number;
  readonly logBytes: number;
  readonly lastEnd: RecordEnd | null;
  readonly unreadable: readonly number[];
}

const entriesAtOnce = 2048;

/**
 * How much of a log's end is read back. What is older was synced long ago, and every record is
 * checked again when it is delivered.
 */
const verifiedLogBytes = 4 * 1024 * 1024;

/**
 * Repairs the segment at `base` (path without ending). The newest records that the index
 * names are read and checked. `fallback` tells the numbering when the index is lost.
 */
export function repairSegment(options: {
  readonly disk: Disk;
  readonly base: string;
  readonly recordHeader: RecordHeader;
  readonly fallback: IndexHeader;
}): RepairedSegment {
  const { disk, base, recordHeader, fallback } = options;
  const log = disk.read(`${base}.log`);
  try {
    const verified = verifyIndex(disk, `${base}.idx`, log);
    const header = verified.header ?? fallback;
    const damage: Damage[] = runs(verified.unreadable.map((n) => header.firstSequence + n));
    if (verified.header === null && log.size() > 0) {
      damage.push({ what: "index_lost", from: 0, to: log.size() });
    }
    const added = new Uint8Array(entryCapacity(log.size() - verified.logBytes, recordHeader));
    let { count, logBytes, lastEnd } = verified;
    let open: OpenRecord | null = null;
    for (const found of scanLog({ log, from: logBytes, header: recordHeader })) {
      if (found.kind === "stray") {
        damage.push({
          what: "stray_bytes",
          from: found.offset,
          to: found.offset + found.length - 1,
        });
      } else if (found.kind === "open") {
        open = found;
      } else {
        lastEnd = "recovered";
        const at = (count - verified.count) * indexEntryBytes;
        encodeIndexEntry(added, at, { ...found, end: lastEnd });
        count += 1;
      }
      logBytes = found.offset + found.length;
    }
    const entries = added.subarray(0, (count - verified.count) * indexEntryBytes);
    mendIndex({ disk, path: `${base}.idx`, header, kept: verified, entries });
    return {
      header,
      extent: { logBytes, count, open, lastEnd },
      reindexed: count - verified.count,
      damage,
    };
  } finally {
    log.close();
  }
}

/** Room for the entries of all records that can stand in so many bytes. */
function entryCapacity(bytes: number, header: RecordHeader): number {
  return Math.ceil(bytes / (header.length + 1)) * indexEntryBytes;
}

/** How far the index can be trusted, and which of its newest records do not match the log. */
function verifyIndex(disk: Disk, path: string, log: ReadFile): VerifiedIndex {
  const nothing = { header: null, count: 0, logBytes: 0, lastEnd: null, unreadable: [] };
  if (disk.size(path) === null) return nothing;
  const index = disk.read(path);
  try {
    const headerBytes = new Uint8Array(indexHeaderBytes);
    index.readNow(headerBytes, 0);
    const header = decodeIndexHeader(headerBytes);
    if (header === null) return nothing;
    const lines = new LineWindow(log);
    const entries = new Uint8Array(entriesAtOnce * indexEntryBytes);
    const unreadable: number[] = [];
    let count = firstToVerify(index, log.size() - verifiedLogBytes);
    let logBytes = count === 0 ? 0 : entryEnd(index, count - 1);
    let lastEnd: RecordEnd | null = null;
    let read: number;
    do {
      read = index.readNow(entries, indexHeaderBytes + count * indexEntryBytes);
      for (let at = 0; at < read; at += indexEntryBytes) {
        const entry = decodeIndexEntry(entries.subarray(0, read), at);
        if (entry === null || entry.offset < logBytes) {
          read = 0;
          break;
        }
        const line = lines.at(entry.offset, entry.length);
        if (line.length < entry.length || crc32(line) !== entry.checksum) unreadable.push(count);
        logBytes = entry.offset + entry.length;
        lastEnd = entry.end;
        count += 1;
      }
    } while (read === entries.length);
    return { header, count, logBytes: Math.min(logBytes, log.size()), lastEnd, unreadable };
  } finally {
    index.close();
  }
}

/** Number of the first entry at or behind `offset`, by bisection; 0 where an entry is damaged. */
function firstToVerify(index: ReadFile, offset: number): number {
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
  #bytes = new Uint8Array(0);
  #offset = 0;

  constructor(private readonly log: ReadFile) {}

  /** The line; shorter when the log ends before it does. */
  at(offset: number, length: number): Uint8Array {
    if (offset < this.#offset || offset + length > this.#offset + this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(length, 1024 * 1024));
      this.#bytes = bytes.subarray(0, this.log.readNow(bytes, offset));
      this.#offset = offset;
    }
    const from = offset - this.#offset;
    return this.#bytes.subarray(from, from + length);
  }
}

function mendIndex(options: {
  readonly disk: Disk;
  readonly path: string;
  readonly header: IndexHeader;
  readonly kept: VerifiedIndex;
  readonly entries: Uint8Array;
}): void {
  const { disk, path, kept } = options;
  const file = disk.append(path);
  try {
    const length = kept.header === null ? 0 : indexHeaderBytes + kept.count * indexEntryBytes;
    if (disk.size(path) !== length) file.truncate(length);
    if (kept.header === null) appendAll(file, encodeIndexHeader(options.header));
    appendAll(file, options.entries);
    file.syncNow();
  } finally {
    file.close();
  }
}

/** Numbers in rising order as runs of consecutive ones. */
function runs(sequences: readonly number[]): Damage[] {
  const found: Damage[] = [];
  for (const sequence of sequences) {
    const last = found.at(-1);
    if (last !== undefined && last.to === sequence - 1) {
      found[found.length - 1] = { ...last, to: sequence };
    } else {
      found.push({ what: "unreadable_records", from: sequence, to: sequence });
    }
  }
  return found;
}
