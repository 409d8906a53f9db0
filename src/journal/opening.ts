// Finds a channel's segments at start and puts them in order: finishes a rotation that was cut
// short, gives every log its index, and repairs the segments that were being written last.

import type { Disk } from "../platform/disk.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { LineHeader } from "../line_header.ts";
import { ActiveSegment } from "./active_segment.ts";
import { decompressLog } from "./compression.ts";
import { type Damage, damageBefore, repairNotices } from "./damage.ts";
import { epochOf, type JournalState, randomEpoch } from "./journal_state.ts";
import {
  completeMoves,
  finishRotation,
  removeTemporaries,
  reopenNewest,
} from "./interrupted_rotation.ts";
import { cutBackTo, type JournalPlace, takeBackRotation } from "./journal_place.ts";
import { cutMovedTail } from "./moved_tail.ts";
import { type RepairedSegment, repairSegment } from "./recovery.ts";
import {
  filesOf,
  findRotatedSegment,
  lastEndOf,
  readIndexHeader,
  type RotatedSegment,
  withoutOverlap,
} from "./rotated_segment.ts";
import { makeDurable, writeAgain } from "./unsynced_files.ts";
import { removeTwins } from "./twin_segments.ts";
import { damagedPackNotice } from "./unpack_report.ts";
import { endOfFormer, indexEntryBytes, indexHeaderBytes } from "./segment_index.ts";
import { rotatedNames } from "./segment_names.ts";

/** A channel's files as they stand, before the first append. */
export interface OpenedSegments {
  readonly rotated: RotatedSegment[];
  readonly active: RepairedSegment;
  /** First sequence that no file holds. */
  readonly nextSequence: number;
  readonly damaged: boolean;
}

interface Place {
  readonly disk: Disk;
  readonly folder: string;
  readonly channel: string;
  readonly recordHeader: LineHeader;
  readonly state: JournalState | undefined;
  readonly cutBackTo: JournalPlace | undefined;
  /** Identity of the machine's present run. */
  readonly boot: string;
  readonly wallMs: number;
  /** See `JournalOptions`. */
  readonly feedsInside: boolean;
  /** The last run left records in memory. */
  readonly isInMemory: boolean;
  /** An attempt before this one failed: what it synced in vain must be written once more. */
  readonly isDoubtful: boolean;
  readonly report: Report;
}

export async function openSegments(place: Place): Promise<OpenedSegments> {
  const { disk, folder, channel, state } = place;
  removeTemporaries(place);
  completeMoves(place);
  removeTwins(place);
  finishRotation(place, { ...place, nextSequence: state?.activeFirstSequence ?? 1 });
  if (!place.isInMemory) reopenNewest(place);
  if (place.isDoubtful) writeAgain(place);
  // A kill may have come between a rename and the sync of the folder.
  if (state?.closed !== true) disk.syncFolderNow(folder);
  cutBack(place);
  const rotated: RotatedSegment[] = [];
  let damaged = false;
  for (const { base, firstSequence } of rotatedNames(channel, disk.list(folder))) {
    const path = `${folder}/${base}`;
    const segment = findRotatedSegment(disk, path, firstSequence) ??
      await rebuildIndex(place, path, firstSequence);
    if (segment === null) damaged = true;
    else rotated.push(segment);
  }
  mendHoles(place, rotated);
  // What the active log has taken from the one before it is not lost with it.
  const activeHeader = disk.size(`${folder}/${channel}.log`) === null
    ? null
    : readIndexHeader(disk, `${folder}/${channel}`);
  const newest = rotated.pop();
  if (newest !== undefined && !newest.compressed && state?.closed !== true) {
    const end = activeHeader === null ? undefined : endOfFormer(activeHeader);
    const hints = { isNewest: true, end };
    const damage = repairRotated(place, newest, `${folder}/${channel}`, hints);
    damaged ||= damage.length > 0;
    makeDurable(disk, newest.base);
    rotated.push(...keepUnlessEmpty(disk, newest));
  } else if (newest !== undefined) rotated.push(newest);
  const expected = Math.max(
    (rotated.at(-1)?.lastSequence ?? 0) + 1,
    state?.activeFirstSequence ?? 1,
  );
  const found = openActive(place, expected);
  const active = found ?? createActive(place, expected + entriesOfLostLog(place));
  const inFiles = active.header.firstSequence + active.extent.count;
  damaged ||= found === null
    ? state !== undefined && !place.isInMemory
    : active.damage.length > 0 || !active.appendable;
  return {
    rotated: withoutOverlap(rotated, endOfRotated(active)),
    active: withLastEnd(place, active, rotated.at(-1)),
    nextSequence: Math.max(inFiles, expected),
    damaged: damaged || inFiles < expected,
  };
}

/** Where the numbers of rotated segments end: without a record the active one only says what was skipped. */
function endOfRotated({ header, extent }: RepairedSegment): number {
  const end = endOfFormer(header);
  return extent.count > 0 || end < header.firstSequence ? end : Infinity;
}

/** Takes back an append that was not finished for certain. */
function cutBack({ disk, folder, channel, cutBackTo: place }: Place): void {
  if (place === undefined) return;
  const active = `${folder}/${channel}`;
  const newest = rotatedNames(channel, disk.list(folder)).at(-1)?.base;
  if (newest !== undefined) {
    takeBackRotation(disk, { active, newest: `${folder}/${newest}` }, place);
    cutBackTo(disk, `${folder}/${newest}`, place);
  }
  cutBackTo(disk, active, place);
}

/** A segment that was rotated for the sake of a new epoch may hold nothing. */
function keepUnlessEmpty(disk: Disk, { base, firstSequence }: RotatedSegment): RotatedSegment[] {
  const segment = findRotatedSegment(disk, base, firstSequence);
  if (segment === null) return [];
  if (segment.count > 0 || disk.size(`${base}.log`) !== 0) return [segment];
  for (const { path } of filesOf(disk, segment)) disk.remove(path);
  return [];
}

/** A segment that ends before the next begins may have lost index entries. */
function mendHoles(place: Place, rotated: RotatedSegment[]): void {
  for (const [i, segment] of rotated.entries()) {
    const next = rotated[i + 1];
    if (next === undefined || segment.compressed) continue;
    const end = endOfFormer(next);
    if (segment.lastSequence + 1 >= end) continue;
    repairRotated(place, segment, next.base, { end });
    rotated[i] = findRotatedSegment(place.disk, segment.base, segment.firstSequence) ?? segment;
  }
}

/** Unpacks a log that has no index; why there is nothing in it, if there is nothing. */
async function unpack({ disk, report }: Place, base: string): Promise<string> {
  try {
    const { bytes, damage } = await decompressLog(disk, base);
    if (damage === null) return "";
    if (bytes === 0) disk.remove(`${base}.log`);
    else report(damagedPackNotice(base, { bytes, damage }));
    return damage;
  } catch (error) {
    return errorText(error);
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
    reason = await unpack(place, base);
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
  repair(place, base, firstSequence, { isRotated: true });
  return findRotatedSegment(disk, base, firstSequence);
}

function openActive(place: Place, firstSequence: number): RepairedSegment | null {
  const { disk, folder, channel, state, report } = place;
  const base = `${folder}/${channel}`;
  if (disk.size(`${base}.log`) !== null) {
    return repair(place, base, firstSequence, { isNewest: true, mayBeOpen: true });
  }
  if (!place.isInMemory && (state !== undefined || disk.size(`${base}.idx`) !== null)) {
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
  const { disk, folder, channel, recordHeader, state } = place;
  const header = { firstSequence, epoch: epochOf(state, firstSequence) ?? randomEpoch() };
  const base = `${folder}/${channel}`;
  const segment = ActiveSegment.begin({ disk, base, header, recordHeader });
  try {
    segment.syncNow();
    disk.syncFolderNow(folder);
  } finally {
    segment.close();
  }
  const extent = { logBytes: 0, count: 0, open: null, lastEnd: null };
  return { header, extent, reindexed: 0, damage: [], refusals: [], appendable: true };
}

/** Numbers that were given out in a log that is gone, as far as its index tells. */
function entriesOfLostLog({ disk, folder, channel }: Place): number {
  const indexBytes = disk.size(`${folder}/${channel}.idx`) ?? 0;
  return Math.max(0, Math.floor((indexBytes - indexHeaderBytes) / indexEntryBytes));
}

interface RepairHints {
  /** A rotated segment has its first sequence in its name. */
  readonly isRotated?: boolean;
  /** It may have been written to when the machine went down. */
  readonly isNewest?: boolean;
  /** First sequence of the next segment: what this one holds from there on was copied into that. */
  readonly end?: number | undefined;
  /** A record that ends in a line feed and has no entry may be open. */
  readonly mayBeOpen?: boolean;
}

/** Repairs a segment behind which the one at `next` was begun, and tells what was wrong with it. */
function repairRotated(
  place: Place,
  { base, firstSequence }: RotatedSegment,
  next: string,
  hints: RepairHints,
): readonly Damage[] {
  const rotated = { ...hints, isRotated: true };
  const { extent: { open }, damage } = repair(place, base, firstSequence, {
    ...rotated,
    mayBeOpen: true,
  });
  if (open === null || cutMovedTail(place.disk, { ...open, base, next })) return damage;
  // What a refused append left goes on in memory: nobody knows then where the next segment begins.
  if (!place.feedsInside || hints.end === undefined && place.isInMemory) return damage;
  return [...damage, ...repair(place, base, firstSequence, rotated).damage];
}

function repair(
  place: Place,
  base: string,
  firstSequence: number,
  { isRotated = false, isNewest = false, end = Infinity, mayBeOpen = false }: RepairHints,
): RepairedSegment {
  const { disk, recordHeader, state, report, wallMs, boot, feedsInside } = place;
  const powerCut = isNewest && (state === undefined || !state.closed && state.boot !== boot);
  // A header that a power cut took was never synced: nobody knows which numbers stood there.
  const epoch = powerCut ? undefined : epochOf(state, firstSequence);
  const fallback = { firstSequence, epoch: epoch ?? randomEpoch() };
  const found = repairSegment({
    disk,
    base,
    recordHeader,
    fallback,
    wallMs,
    ...(isRotated ? { expectedFirstSequence: firstSequence } : {}),
    end,
    powerCut,
    feedsInside: feedsInside && mayBeOpen,
  });
  const repaired = { ...found, damage: damageBefore(end, found.damage) };
  for (const notice of repairNotices(base, repaired)) report(notice);
  return repaired;
}
