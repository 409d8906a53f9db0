// Finds records in a stretch of log that no index describes: after a crash between log and index,
// or when the index is lost. A record begins where a line begins with this channel's header; a
// line without one belongs to the record before it, or to nobody. A header that is torn at the
// log's end belongs to nobody: a power cut left it.
//
// NULs. A line may send them, so they are bytes like others, with two exceptions. NULs alone behind
// the last line feed belong to nobody. And where a power cut may have been, a block that was not
// written yet reads as NULs up to its end: what no index entry vouches for is believed only up to the
// first such block, and the record that is cut there has no end. A record that really sent a NUL as a
// block's last byte, in the last moments before a power cut, is cut there by mistake, and told.

import { continueChecksum } from "../platform/checksum.ts";
import type { ReadFile } from "../platform/disk.ts";
import type { LineHeader } from "../line_header.ts";

const LF = 0x0a;

/** No file system has smaller blocks, and all are multiples of it. */
const blockBytes = 512;

/** A run of bytes: a record, whole or unfinished, or bytes that belong to no record. */
export interface LogStretch {
  readonly kind: "record" | "open" | "stray";
  readonly offset: number;
  readonly length: number;
  /** Of a record, 0 for stray bytes. */
  readonly timeMs: number;
  readonly checksum: number;
}

/**
 * What stands in `log` from `from` to `to`, its end by default, in order. Reads a mebibyte at a
 * time, more only where a single line is longer.
 */
export function* scanLog(options: {
  readonly log: ReadFile;
  readonly from: number;
  readonly to?: number;
  readonly header: LineHeader;
  /** No line behind a record's is torn or empty: all are bytes of it. @default {false} */
  readonly keepsLines?: boolean;
  readonly chunkBytes?: number;
}): Generator<LogStretch> {
  const { log, header, keepsLines = false } = options;
  const end = Math.min(options.to ?? Infinity, log.size());
  let chunkBytes = options.chunkBytes ?? 1024 * 1024;
  let position = options.from;
  let current: LogStretch | null = null;
  while (position < end) {
    const chunk = new Uint8Array(Math.min(chunkBytes, end - position));
    log.readNow(chunk, position);
    const atEnd = position + chunk.length === end;
    let at = 0;
    while (at < chunk.length) {
      const feed = chunk.indexOf(LF, at);
      if (feed < 0 && !atEnd) break;
      const next = feed < 0 ? chunk.length : feed + 1;
      const line = chunk.subarray(at, next);
      const timeMs = header.read(line, 0);
      const begins = timeMs !== null;
      const lost = !keepsLines && (feed < 0 && header.isTorn(line) || isNulls(line));
      const stray: boolean = !begins && (current === null || current.kind === "stray" || lost);
      const kind: LogStretch["kind"] = stray ? "stray" : feed < 0 ? "open" : "record";
      if (current === null || begins && !stray || stray !== (current.kind === "stray")) {
        if (current !== null) yield current;
        const startMs: number = stray ? 0 : timeMs ?? 0;
        current = { kind, offset: position + at, length: 0, timeMs: startMs, checksum: 0 };
      }
      current = {
        ...current,
        kind,
        length: current.length + line.length,
        checksum: continueChecksum(current.checksum, line),
      };
      at = next;
    }
    if (at === 0) chunkBytes *= 2;
    position += at;
  }
  if (current !== null) yield current;
}

function isNulls(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0);
}

/** Whether what should stand from `from` to `to` is not all there or reaches into a lost block. */
export function isTorn(log: ReadFile, from: number, to: number): boolean {
  const size = log.size();
  if (to > size) return true;
  const bytes = new Uint8Array(Math.min(Math.ceil(to / blockBytes) * blockBytes, size) - from);
  log.readNow(bytes, from);
  for (let end = blockBytes - from % blockBytes; end <= to - from; end += blockBytes) {
    if (bytes[end - 1] === 0) return true;
  }
  // The NULs it ends in may go on to the end of its last block, or of the log.
  return isNulls(bytes.subarray(to - from - 1));
}

/**
 * Where the first block of `log` behind `from` was lost: where the NULs begin that reach to a block's
 * end, or that the log ends in. The log's length when nothing was lost.
 */
export function startOfLoss(log: ReadFile, from: number): number {
  const end = startOfNulls(log, from);
  const chunk = new Uint8Array(128 * blockBytes);
  let start = from;
  for (let offset = from - from % blockBytes; offset < end; offset += chunk.length) {
    const read = chunk.subarray(0, log.readNow(chunk.subarray(0, end - offset), offset));
    for (let at = Math.max(0, from - offset); at < read.length; at++) {
      if (read[at] !== 0) start = offset + at + 1;
      else if ((offset + at + 1) % blockBytes === 0) return start;
    }
  }
  return end;
}

/** Where the NULs begin that `log` ends in; not before `from`. */
export function startOfNulls(log: ReadFile, from: number): number {
  const chunk = new Uint8Array(64 * 1024);
  for (let end = log.size(); end > from;) {
    const start = Math.max(from, end - chunk.length);
    const read = chunk.subarray(0, log.readNow(chunk.subarray(0, end - start), start));
    const last = read.findLastIndex((byte) => byte !== 0);
    if (last >= 0) return start + last + 1;
    end = start;
  }
  return from;
}
