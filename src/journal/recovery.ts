// Brings one segment's log and index into agreement after a crash. It never refuses and never cuts
// a record off: what cannot be read keeps its number and its place and is reported, and what stands
// at the log's end and is no record moves to the quarantine, so that the next record begins a line.
//
// A record without an index entry has no checksum; it is taken as it stands. The open record at the
// log's end is such a one. After a power cut, NULs at the log's end are not taken for bytes of it:
// they go to the quarantine, where they can be had if the line did send them.

import type { Disk, ReadFile } from "../platform/disk.ts";
import { errorText } from "../platform/notice.ts";
import type { LineHeader } from "../line_header.ts";
import type { SegmentExtent } from "./segment_extent.ts";
import { type Damage, type RepairReport, unreadableRuns } from "./damage.ts";
import { isForeignIndex } from "./foreign_index.ts";
import { mendGap } from "./gap_repair.ts";
import { auditIndex, type IndexAudit, nothingAudited, withoutTornEnd } from "./index_audit.ts";
import { extendIndex, type IndexMending, replaceIndex } from "./index_mending.ts";
import { randomEpoch } from "./journal_state.ts";
import { entriesIn, type LogTail, readTail, readTornLine } from "./log_tail.ts";
import { LogInDoubt, quarantineTail } from "./quarantine.ts";
import {
  encodeIndexEntry,
  indexEntryBytes,
  type IndexHeader,
  markReported,
} from "./segment_index.ts";

export interface RepairedSegment extends RepairReport {
  readonly header: IndexHeader;
  readonly extent: SegmentExtent;
  /** The log ends where `extent` says. To another log nothing may be appended. */
  readonly appendable: boolean;
}

export interface RepairOptions {
  readonly disk: Disk;
  /** Path of the segment's files without ending. */
  readonly base: string;
  readonly recordHeader: LineHeader;
  /** The numbering when the index is lost or another log's. */
  readonly fallback: IndexHeader;
  /** In the name of a rotated segment; an index that says otherwise is another log's. */
  readonly expectedFirstSequence?: number;
  /** First sequence of the next segment: lines get no numbers from there on. @default {Infinity} */
  readonly end?: number;
  /** What was not synced may have been lost: the machine went down and nobody had closed. */
  readonly powerCut: boolean;
  /** Records may hold line feeds, and the last one without an index entry may be open. */
  readonly feedsInside: boolean;
  readonly wallMs: number;
}

/**
 * How much of a log's end is read back. What is older was synced long ago, and every record is
 * checked again when it is delivered.
 */
const verifiedLogBytes = 4 * 1024 * 1024;

/**
 * Repairs the segment at `base`. The newest records that the index names are read and checked.
 * @throws {Error} what the disk threw
 */
export function repairSegment(options: RepairOptions): RepairedSegment {
  const { disk, base } = options;
  const log = disk.read(`${base}.log`);
  try {
    const { audit, torn, header, keep, damage } = judgeIndex(options, log);
    const { recordHeader, powerCut, feedsInside } = options;
    const canGoOn = options.expectedFirstSequence === undefined;
    const tail = torn.length > 0
      ? readTornLine({ log, audit, recordHeader, canGoOn })
      : readTail({ log, audit, recordHeader, powerCut, feedsInside });
    const kept = audit.count - entriesIn(audit.gaps.find(({ to }) => to === null));
    const room = Math.max(0, (options.end ?? Infinity) - header.firstSequence - kept);
    const added = tail.entries.subarray(0, room * indexEntryBytes);
    const addedCount = added.length / indexEntryBytes;
    const { changes, restored, unreadable } = mendEntries(audit, log, recordHeader);
    const refusals: string[] = [];
    const written = writeIndex({
      disk,
      path: `${base}.idx`,
      header,
      keep: keep ? kept : null,
      changes,
      added,
    }, { headerLost: audit.header === null, refusals });
    const holes = Array.from({ length: tail.holes }, (_, i) => kept + i);
    const lost = [...unreadable, ...(written ? [] : restored), ...holes, ...torn];
    lost.sort((a, b) => a - b);
    damage.push(...unreadableRuns(lost.map((number) => header.firstSequence + number)));
    damage.push(...tail.damage);
    const clean = setAside(options, { log, tail, damage, refusals });
    return {
      header,
      extent: {
        logBytes: tail.strayFrom ?? log.size(),
        count: kept + addedCount,
        open: tail.open,
        lastEnd: tail.lastEnd,
      },
      reindexed: Math.min(tail.records, addedCount) + (written ? restored.length : 0),
      damage,
      refusals,
      appendable: clean && audit.lastSound && tail.holes === 0,
    };
  } finally {
    log.close();
  }
}

/** Whether the index is this log's, and where its numbering begins. */
function judgeIndex(options: RepairOptions, log: ReadFile): {
  readonly audit: IndexAudit;
  /** Entries at its end that a power cut has left of records that were not synced. */
  readonly torn: readonly number[];
  readonly header: IndexHeader;
  /** Its entries are good for something. */
  readonly keep: boolean;
  readonly damage: Damage[];
} {
  const { disk, base, recordHeader, fallback, expectedFirstSequence, powerCut } = options;
  const found = auditIndex({ disk, path: `${base}.idx`, log, newestBytes: verifiedLogBytes });
  const audit = powerCut ? withoutTornEnd(found, log) : found;
  const torn = Array.from({ length: found.count - audit.count }, (_, i) => audit.count + i);
  const wholeLog = { from: 0, to: Math.max(0, log.size() - 1) };
  const { header } = audit;
  if (header === null) {
    const keep = audit.sound > 0;
    const damage: Damage[] = keep
      ? [{ what: "index_header_lost", ...wholeLog }]
      : log.size() > 0
      ? [{ what: "index_lost", ...wholeLog }]
      : [];
    return { audit: keep ? audit : nothingAudited, torn, header: fallback, keep, damage };
  }
  const damage: Damage[] = [{ what: "foreign_index", ...wholeLog }];
  if (header.firstSequence !== (expectedFirstSequence ?? header.firstSequence)) {
    return { audit: nothingAudited, torn: [], header: fallback, keep: false, damage };
  }
  if (isForeignIndex(audit, log, recordHeader)) {
    // Which of the two files is the stranger, nobody knows: the ids may be taken by other records.
    const fresh = { firstSequence: fallback.firstSequence, epoch: randomEpoch() };
    return { audit: nothingAudited, torn: [], header: fresh, keep: false, damage };
  }
  return { audit, torn, header, keep: true, damage: [] };
}

/** New entries for damaged ones that others follow, and marks for what is reported from now on. */
function mendEntries(audit: IndexAudit, log: ReadFile, recordHeader: LineHeader): {
  readonly changes: ReadonlyMap<number, Uint8Array>;
  readonly restored: readonly number[];
  readonly unreadable: readonly number[];
} {
  const changes = new Map<number, Uint8Array>();
  const restored: number[] = [];
  const unreadable: number[] = [];
  for (const gap of audit.gaps) {
    if (gap.to === null) continue;
    const mended = mendGap(gap, log, recordHeader);
    for (let i = 0; i < entriesIn(gap); i++) {
      const at = i * indexEntryBytes;
      changes.set(gap.first + i, mended.entries.subarray(at, at + indexEntryBytes));
      (mended.restored ? restored : unreadable).push(gap.first + i);
    }
  }
  for (const { number, entry, reported } of audit.unreadable) {
    if (reported) continue;
    const marked = new Uint8Array(indexEntryBytes);
    encodeIndexEntry(marked, 0, entry);
    markReported(marked, 0);
    changes.set(number, marked);
    unreadable.push(number);
  }
  return { changes, restored, unreadable };
}

/**
 * Brings the index up to date. Whether it could change what stood in it: if not, new entries were
 * appended all the same.
 * @throws {Error} what the disk threw, when the index is of no use as it is
 */
function writeIndex(mending: IndexMending, { headerLost, refusals }: {
  readonly headerLost: boolean;
  readonly refusals: string[];
}): boolean {
  const { keep, changes, path } = mending;
  if (keep !== null && (headerLost || changes.size > 0)) {
    try {
      replaceIndex(mending);
      return true;
    } catch (error) {
      if (headerLost) throw error;
      refusals.push(`mend ${path}: ${errorText(error)}`);
    }
  }
  extendIndex(mending);
  return changes.size === 0;
}

/** Moves what no record stands behind into the quarantine; whether nothing of it is left. */
function setAside({ disk, base, wallMs }: RepairOptions, found: {
  readonly log: ReadFile;
  readonly tail: LogTail;
  readonly damage: Damage[];
  readonly refusals: string[];
}): boolean {
  const { log, tail, damage, refusals } = found;
  const from = tail.strayFrom;
  if (from === null) return true;
  const range = { from, to: log.size() - 1 };
  try {
    quarantineTail(disk, { base, log, from, reason: "no record", wallMs });
    damage.push({ what: "quarantined_bytes", ...range });
    return true;
  } catch (error) {
    if (error instanceof LogInDoubt) throw error;
    damage.push({ what: "stray_bytes", ...range });
    refusals.push(
      `move bytes ${range.from}–${range.to} to ${base}.quarantine: ${errorText(error)}`,
    );
    return false;
  }
}
