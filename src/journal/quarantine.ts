// Where bytes go that stood at a log's end and belong to no record: `{base}.quarantine`, a file that
// only grows, that no one deletes and that people can read. Each piece is a line, the bytes as they
// were, and a line feed:
//
//   2025-12-03T15:04:05.123Z 1429010002-A1.log from 4711 length 20 kept 20: torn header
//
// `kept` is how many bytes follow: all of them, or none when they are NULs only. A piece whose writing
// was cut short by a power cut is followed by the same piece, whole. So is one whose log could not be
// cut any more.

import { basename, dirname } from "node:path";
import { appendAll, type AppendFile, type Disk, type ReadFile } from "../platform/disk.ts";
import { errorText } from "../platform/notice.ts";
import { startOfNulls } from "./log_scan.ts";

const chunkBytes = 1024 * 1024;
const LF = 0x0a;

/** The end of a log that is no record, and what is known of it. */
export interface StrayTail {
  /** Path of the log without ending. */
  readonly base: string;
  readonly log: ReadFile;
  /** Offset in the log of the first byte; the last one is the log's last. */
  readonly from: number;
  /** A few words. */
  readonly reason: string;
  readonly wallMs: number;
}

/** A log could not be synced: what was written to it may be lost, and no later sync would tell. */
export class LogInDoubt extends Error {
  override readonly name = "LogInDoubt";
}

/**
 * Moves a log's tail into the quarantine: it is safe there before the log is cut.
 * @throws {LogInDoubt} when it is cut, and cannot be synced
 * @throws {Error} what the disk threw; the log is as it was
 */
export function quarantineTail(disk: Disk, tail: StrayTail): void {
  const path = `${tail.base}.quarantine`;
  const before = disk.size(path);
  const file = disk.append(path);
  try {
    appendPiece(file, before ?? 0, tail);
    file.syncNow();
  } catch (error) {
    // Half a piece at every opening would fill the disk that has no room as it is.
    file.truncate(before ?? 0);
    throw error;
  } finally {
    file.close();
  }
  disk.syncFolderNow(dirname(path));
  const log = disk.append(`${tail.base}.log`);
  try {
    log.truncate(tail.from);
    syncOrDoubt(log, `${tail.base}.log`);
  } finally {
    log.close();
  }
}

function syncOrDoubt(log: AppendFile, path: string): void {
  try {
    log.syncNow();
  } catch (cause) {
    throw new LogInDoubt(`sync ${path}: ${errorText(cause)}`, { cause });
  }
}

function appendPiece(file: AppendFile, size: number, tail: StrayTail): void {
  const { base, log, from, reason, wallMs } = tail;
  const end = log.size();
  const kept = startOfNulls(log, from) === from ? 0 : end - from;
  const title = `${new Date(wallMs).toISOString()} ${basename(base)}.log ` +
    `from ${from} length ${end - from} kept ${kept}: ${reason}\n`;
  appendAll(file, new TextEncoder().encode(endsLine(file, size) ? title : `\n${title}`));
  for (let offset = from; offset < from + kept;) {
    const chunk = new Uint8Array(Math.min(chunkBytes, end - offset));
    const count = log.readNow(chunk, offset);
    if (count === 0) throw new Error(`read ${base}.log: ended at ${offset} of ${end}`);
    appendAll(file, chunk.subarray(0, count));
    offset += count;
  }
  appendAll(file, Uint8Array.of(LF));
}

/** A title begins a line, also behind a piece that was cut short. */
function endsLine(file: AppendFile, size: number): boolean {
  const last = new Uint8Array(1);
  return size === 0 || file.readNow(last, size - 1) === 0 || last[0] === LF;
}
