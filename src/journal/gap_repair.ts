// Gives damaged index entries back from the log. The entries on both sides of them say where their
// lines stand, so no number ever shifts: either there are as many records as entries, or nobody
// can tell which is which, and the numbers stay taken by records that cannot be read.

import { crc32 } from "node:zlib";
import type { ReadFile } from "../platform/disk.ts";
import type { LineHeader } from "../line_header.ts";
import type { RecordEnd } from "../record.ts";
import type { EntryGap } from "./index_audit.ts";
import { type LogStretch, scanLog } from "./log_scan.ts";
import {
  encodeIndexEntry,
  type IndexEntry,
  indexEntryBytes,
  markReported,
  recordEnds,
} from "./segment_index.ts";

/** Entries in place of those of a gap. */
export interface MendedGap {
  readonly entries: Uint8Array;
  /** Whether they tell of the records; otherwise that these cannot be read. */
  readonly restored: boolean;
  /** Of the last record. */
  readonly lastEnd: RecordEnd;
}

/** Mends a gap that entries follow. */
export function mendGap(gap: EntryGap, log: ReadFile, header: LineHeader): MendedGap {
  const to = gap.to ?? log.size();
  const stretches = gap.from < to ? [...scanLog({ log, from: gap.from, to, header })] : [];
  const records = stretches.filter(({ kind }) => kind === "record");
  const first = records[0];
  const alone = gap.bytes.length === indexEntryBytes && records.length === stretches.length;
  // Lines that look like records of their own are one record where there is one entry.
  if (alone && records.length > 1 && first !== undefined) {
    const line = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
    log.readNow(line, first.offset);
    return fillGap(gap, [{ ...first, length: line.length, checksum: crc32(line) }]);
  }
  return fillGap(gap, records);
}

/** Mends a gap with the records that were found in its place. */
export function fillGap(gap: EntryGap, records: readonly LogStretch[]): MendedGap {
  const entries = new Uint8Array(gap.bytes.length);
  const restored = records.length * indexEntryBytes === gap.bytes.length;
  let lastEnd: RecordEnd = "recovered";
  for (let at = 0; at < entries.length; at += indexEntryBytes) {
    const record = restored ? records[at / indexEntryBytes] : undefined;
    if (record === undefined) {
      // No line has the checksum 1 and no bytes: a record that nobody will ever read.
      const hole = { offset: gap.from, length: 0, timeMs: 0, damaged: false, checksum: 1 };
      encodeIndexEntry(entries, at, { ...hole, end: lastEnd });
      markReported(entries, at);
    } else {
      const how = howEnded(record, gap.bytes.subarray(at, at + indexEntryBytes));
      encodeIndexEntry(entries, at, { ...record, ...how });
      lastEnd = how.end;
    }
  }
  return { entries, restored, lastEnd };
}

type HowEnded = Pick<IndexEntry, "end" | "damaged">;

/** How a record ended, when one byte of its damaged entry is wrong; `recovered` when more are. */
function howEnded(record: Omit<IndexEntry, keyof HowEnded>, damagedEntry: Uint8Array): HowEnded {
  const bytes = new Uint8Array(indexEntryBytes);
  const wrongBytes = (how: HowEnded): number => {
    encodeIndexEntry(bytes, 0, { ...record, ...how });
    return bytes.filter((byte, i) => byte !== damagedEntry[i]).length;
  };
  const ways = recordEnds.flatMap((end) => [{ end, damaged: false }, { end, damaged: true }]);
  return ways.find((how) => wrongBytes(how) <= 1) ?? { end: "recovered", damaged: false };
}
