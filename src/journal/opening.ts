// Finds a channel's segments at start and puts them in order: finishes a rotation that was cut
// short, gives every log its index, and repairs the segments that were being written last.

import type { Disk } from "../platform/disk.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { RecordHeader } from "../record.ts";
import { createSegmentFiles } from "./active_segment.ts";
import { decompressLog } from "./compression.ts";
import { epochOf, type JournalState, randomEpoch } from "./journal_state.ts";
import { type Damage, type RepairedSegment, repairSegment } from "./recovery.ts";
import {
  findRotatedSegment,
  lastEndOf,
  readIndexHeader,
  type RotatedSegment,
} from "./rotated_segment.ts";
import { indexEntryBytes, type IndexHeader, indexHeaderBytes } from "./segment_index.ts";
import { rotatedNames } from "./segment_names.ts";

/** A channel's files as they stand, before the first append. */
export interface OpenedSegments {
  readonly rotated: RotatedSegment[];
  readonly active: RepairedSegment;
  /** First sequence that no file holds. */
  readonly nextSequence: number;
  readonly damaged: boolean;
}

/** How far an active segment reached at some moment. */
export interface JournalPlace extends IndexHeader {
  readonly count: number;
  readonly logBytes: number;
}

interface Place {
  readonly disk: Disk;
  readonly folder: string;
  readonly channel: string;
  readonly recordHeader: RecordHeader;
  readonly state: JournalState | undefined;
  readonly cutBackTo: JournalPlace | undefined;
  readonly report: Report;
}

export async function openSegments(place: Place): Promise<OpenedSegments> {
  const { disk, folder, channel, state } = place;
  finishRotation(place);
  removeTemporaries(place);
  cutBack(place);
  const rotated: RotatedSegment[] = [];
  let damaged = false;
  for (const { base, firstSequence } of rotatedNames(channel, disk.list(folder))) {
    const path = `${folder}/${base}`;
    const segment = findRotatedSegment(disk, path) ??
      await rebuildIndex(place, path, firstSequence);
    if (segment === null) damaged = true;
    else rotated.push(segment);
  }
  const newest = rotated.at(-1);
  if (newest !== undefined && !newest.compressed && state?.closed !== true) {
    const repaired = repair(place, newest.base, newest.firstSequence);
    damaged ||= repaired.damage.length > 0;
    if (repaired.extent.open !== null) {
      cutMovedTail(place, newest.base, repaired.extent.open.offset);
    }
    rotated[rotated.length - 1] = findRotatedSegment(disk, newest.base) ?? newest;
  }
  const expected = Math.max(
    (rotated.at(-1)?.lastSequence ?? 0) + 1,
    state?.activeFirstSequence ?? 1,
  );
  const found = openActive(place, expected);
  const active = found ?? createActive(place, expected + entriesOfLostLog(place));
  const inFiles = active.header.firstSequence + active.extent.count;
  damaged ||= found === null ? state !== undefined : active.damage.length > 0;
  return {
    rotated,
    active: withLastEnd(place, active, rotated.at(-1)),
    nextSequence: Math.max(inFiles, expected),
    damaged: damaged || inFiles < expected,
  };
}

/** See `Journal`'s rotation: the coming segment is whole on disk before the old one is renamed. */
function finishRotation({ disk, folder, channel }: Place): void {
  const base = `${folder}/${channel}`;
  const has = (path: string): boolean => disk.size(path) !== null;
  if (has(`${base}.log`) && (has(`${base}.next.log`) || has(`${base}.idx`))) {
    for (const ending of [".next.log", ".next.idx"]) {
      if (has(base + ending)) disk.remove(base + ending);
    }
    return;
  }
  if (has(`${base}.next.log`)) {
    if (has(`${base}.idx`)) {
      const orphan = rotatedNames(channel, disk.list(folder)).findLast(({ base: name }) =>
        has(`${folder}/${name}.log`) && !has(`${folder}/${name}.idx`)
      );
      if (orphan === undefined) disk.remove(`${base}.idx`);
      else disk.rename(`${base}.idx`, `${folder}/${orphan.base}.idx`);
    }
    disk.rename(`${base}.next.log`, `${base}.log`);
  }
  if (has(`${base}.next.idx`)) disk.rename(`${base}.next.idx`, `${base}.idx`);
  disk.syncFolderNow(folder);
}

/** The open record that a rotation copied into the coming segment, and could not cut off any more. */
function cutMovedTail({ disk, folder, channel }: Place, base: string, offset: number): void {
  if (disk.size(`${folder}/${channel}.log`) === null) return;
  const length = (disk.size(`${base}.log`) ?? offset) - offset;
  const tail = readPart(disk, `${base}.log`, offset, length);
  const moved = readPart(disk, `${folder}/${channel}.log`, 0, length);
  if (!tail.every((byte, i) => byte === moved[i])) return;
  const log = disk.append(`${base}.log`);
  try {
    log.truncate(offset);
  } finally {
    log.close();
  }
}

function readPart(disk: Disk, path: string, offset: number, length: number): Uint8Array {
  const file = disk.read(path);
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, file.readNow(bytes, offset));
  } finally {
    file.close();
  }
}

/** Takes back an append that was not finished for certain; nothing of it was ever seen by a reader. */
function cutBack({ disk, folder, channel, cutBackTo }: Place): void {
  const base = `${folder}/${channel}`;
  if (cutBackTo === undefined || readIndexHeader(disk, base)?.epoch !== cutBackTo.epoch) return;
  if (readIndexHeader(disk, base)?.firstSequence !== cutBackTo.firstSequence) return;
  const indexBytes = indexHeaderBytes + cutBackTo.count * indexEntryBytes;
  for (const [ending, length] of [[".idx", indexBytes], [".log", cutBackTo.logBytes]] as const) {
    if ((disk.size(base + ending) ?? 0) <= length) continue;
    const file = disk.append(base + ending);
    try {
      file.truncate(length);
    } finally {
      file.close();
    }
  }
}

/** Half-packed logs; and packed ones whose original was not deleted any more. */
function removeTemporaries({ disk, folder, channel }: Place): void {
  const names = disk.list(folder).filter((name) => name.startsWith(`${channel}.`));
  for (const name of names) {
    const packedTwice = name.endsWith(".log.gz") && names.includes(name.slice(0, -".gz".length));
    if (name.endsWith(".tmp") || packedTwice) disk.remove(`${folder}/${name}`);
  }
}

async function rebuildIndex(
  place: Place,
  base: string,
  firstSequence: number,
): Promise<RotatedSegment | null> {
  const { disk, report } = place;
  let reason = "it is gone";
  if (disk.size(`${base}.log`) === null && disk.size(`${base}.log.gz`) !== null) {
    await decompressLog(disk, base).catch((error) => reason = errorText(error));
  }
  if (disk.size(`${base}.log`) === null) {
    report({
      level: "error",
      kind: "segment_lost",
      message: `open journal: the log of a rotated segment cannot be read: ${base}.log: ${reason}`,
      details: { firstSequence },
    });
    if (disk.size(`${base}.idx`) !== null) disk.remove(`${base}.idx`);
    return null;
  }
  repair(place, base, firstSequence);
  return findRotatedSegment(disk, base);
}

function openActive(place: Place, firstSequence: number): RepairedSegment | null {
  const { disk, folder, channel, state, report } = place;
  const base = `${folder}/${channel}`;
  if (disk.size(`${base}.log`) !== null) return repair(place, base, firstSequence);
  if (state !== undefined || disk.size(`${base}.idx`) !== null) {
    report({
      level: "error",
      kind: "log_lost",
      message: `open journal: the log is gone: ${base}.log`,
      details: { firstSequence },
    });
  }
  return null;
}

/** A segment without a record goes on where the one before it ended. */
function withLastEnd(
  { disk }: Place,
  active: RepairedSegment,
  before: RotatedSegment | undefined,
): RepairedSegment {
  if (active.extent.lastEnd !== null || before === undefined) return active;
  return { ...active, extent: { ...active.extent, lastEnd: lastEndOf(disk, before) } };
}

/** An active segment where there is none: none ever was, or it is gone. */
function createActive(place: Place, firstSequence: number): RepairedSegment {
  const { disk, folder, channel, state } = place;
  const header = { firstSequence, epoch: epochOf(state, firstSequence) ?? randomEpoch() };
  createSegmentFiles({ disk, base: `${folder}/${channel}`, header, tail: new Uint8Array(0) });
  disk.syncFolderNow(folder);
  const extent = { logBytes: 0, count: 0, open: null, lastEnd: null };
  return { header, extent, reindexed: 0, damage: [] };
}

/** Numbers that were given out in a log that is gone, as far as its index tells. */
function entriesOfLostLog({ disk, folder, channel }: Place): number {
  const indexBytes = disk.size(`${folder}/${channel}.idx`) ?? 0;
  return Math.max(0, Math.floor((indexBytes - indexHeaderBytes) / indexEntryBytes));
}

function repair(place: Place, base: string, firstSequence: number): RepairedSegment {
  const { disk, recordHeader, state, report } = place;
  const fallback = { firstSequence, epoch: epochOf(state, firstSequence) ?? randomEpoch() };
  const repaired = repairSegment({ disk, base, recordHeader, fallback });
  if (repaired.reindexed > 0) {
    report({
      level: "info",
      kind: "records_reindexed",
      message: `open journal: ${base}.log: ${repaired.reindexed} records indexed again`,
      details: { records: repaired.reindexed },
    });
  }
  for (const damage of repaired.damage) report(damageNotice(base, damage));
  return repaired;
}

function damageNotice(base: string, { what, from, to }: Damage): Parameters<Report>[0] {
  const texts: Record<Damage["what"], string> = {
    unreadable_records: `records ${from}–${to} cannot be read`,
    stray_bytes: `bytes ${from}–${to} belong to no record`,
    index_lost: "the index was lost and made anew from the log",
  };
  const message = `open journal: ${base}.log: ${texts[what]}`;
  return { level: "error", kind: what, message, details: { from, to } };
}
