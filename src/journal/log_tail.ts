// What stands in a log behind the last line that its index tells of: records whose entries were not
// written any more, the record that is open, and bytes that belong to nobody.

import { crc32 } from "node:zlib";
import type { ReadFile } from "../platform/disk.ts";
import type { LineHeader } from "../line_header.ts";
import type { RecordEnd } from "../record.ts";
import type { OpenRecord } from "./segment_extent.ts";
import type { Damage } from "./damage.ts";
import { fillGap } from "./gap_repair.ts";
import type { EntryGap, IndexAudit } from "./index_audit.ts";
import { type LogStretch, scanLog, startOfLoss } from "./log_scan.ts";
import { encodeIndexEntry, indexEntryBytes } from "./segment_index.ts";

export interface LogTail {
  /** For the index, to stand behind those that can be read. */
  readonly entries: Uint8Array;
  /** How many of them tell of records. */
  readonly records: number;
  /** How many of the first of them stand for records that are gone. */
  readonly holes: number;
  readonly open: OpenRecord | null;
  /** How the last record of the segment ended. */
  readonly lastEnd: RecordEnd | null;
  /** Stray bytes that records stand behind. */
  readonly damage: readonly Damage[];
  /** Where the bytes begin that no record stands behind. */
  readonly strayFrom: number | null;
}

/**
 * Reads the tail of `log` that `audit` leaves. After a power cut it ends where the first block was
 * lost. With `feedsInside` only an entry says that a record has ended: the last one without is taken
 * for open. Unless the index was damaged, too: then it may have had one.
 */
export function readTail(options: {
  readonly log: ReadFile;
  readonly audit: IndexAudit;
  readonly recordHeader: LineHeader;
  readonly powerCut: boolean;
  readonly feedsInside: boolean;
}): LogTail {
  const { log, audit, recordHeader, powerCut, feedsInside } = options;
  const from = audit.logBytes;
  const size = log.size();
  const to = powerCut ? startOfLoss(log, from) : size;
  const gap = audit.gaps.find((each) => each.to === null);
  const gapEntries = entriesIn(gap);
  const entries = new Uint8Array(capacity(size - from, recordHeader));
  const firsts: LogStretch[] = [];
  const damage: Damage[] = [];
  let count = 0;
  let open: OpenRecord | null = null;
  let stray: Damage | null = null;
  const mayBeOpen = feedsInside && audit.header !== null && gap === undefined;
  const keepsLines = feedsInside && !powerCut;
  for (const found of scanLog({ log, from, to, header: recordHeader, keepsLines })) {
    if (stray !== null) damage.push(stray);
    stray = null;
    if (found.kind === "stray") {
      const last = found.offset + found.length - 1;
      stray = { what: "stray_bytes", from: found.offset, to: last };
    } else if (found.kind === "open" || mayBeOpen && endOf(found) === to) {
      open = { ...found, damaged: false };
    } else {
      if (count < gapEntries) firsts.push(found);
      encodeIndexEntry(entries, count * indexEntryBytes, {
        ...found,
        end: "recovered",
        damaged: false,
      });
      count += 1;
    }
  }
  const known = entries.subarray(0, count * indexEntryBytes);
  const strayFrom = stray?.from ?? (to < size ? to : null);
  const rest = { records: count, open, damage, strayFrom };
  if (gap === undefined) {
    return { ...rest, entries: known, holes: 0, lastEnd: count > 0 ? "recovered" : audit.lastEnd };
  }
  const mended = fillGap(gap, firsts);
  const behind = mended.restored ? known.subarray(gap.bytes.length) : known;
  const lastEnd = behind.length > 0 ? "recovered" : mended.lastEnd;
  const holes = mended.restored ? 0 : gapEntries;
  return { ...rest, entries: joined(mended.entries, behind), holes, lastEnd };
}

/**
 * Reads the tail of `log` where a power cut has torn the line that `audit` ends in front of: all there
 * is of it is one record's beginning, line feeds included. It is open, unless no one can go on with it.
 */
export function readTornLine(options: {
  readonly log: ReadFile;
  readonly audit: IndexAudit;
  readonly recordHeader: LineHeader;
  readonly canGoOn: boolean;
}): LogTail {
  const { log, audit: { logBytes: offset, lastEnd }, recordHeader, canGoOn } = options;
  const end = startOfLoss(log, offset);
  const line = new Uint8Array(end - offset);
  log.readNow(line, offset);
  const timeMs = canGoOn ? recordHeader.read(line, 0) : null;
  const open = timeMs === null ? null : { offset, timeMs, checksum: crc32(line), damaged: false };
  const strayFrom = open === null ? offset : end;
  return {
    entries: new Uint8Array(0),
    records: 0,
    holes: 0,
    open,
    lastEnd,
    damage: [],
    strayFrom: strayFrom < log.size() ? strayFrom : null,
  };
}

function endOf({ offset, length }: LogStretch): number {
  return offset + length;
}

/** How many entries a gap has. */
export function entriesIn(gap: EntryGap | undefined): number {
  return gap === undefined ? 0 : gap.bytes.length / indexEntryBytes;
}

/** Room for the entries of all records that can stand in so many bytes. */
function capacity(bytes: number, header: LineHeader): number {
  return Math.ceil(bytes / (header.length + 1)) * indexEntryBytes;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
