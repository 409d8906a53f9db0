// Finds records in a stretch of log that no index describes: after a crash between log and index,
// or when the index is lost. A record begins where a line begins with this channel's header; a
// line without one belongs to the record before it, or to nobody. A header that is torn at the
// log's end belongs to nobody: a power cut left it.

import { continueChecksum } from "../platform/checksum.ts";
import type { ReadFile } from "../platform/disk.ts";
import type { RecordHeader } from "../record.ts";

const LF = 0x0a;

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
 * What stands in `log` from `from` to its end, in order. Reads a mebibyte at a time, more only
 * where a single line is longer.
 */
export function* scanLog(options: {
  readonly log: ReadFile;
  readonly from: number;
  readonly header: RecordHeader;
  readonly chunkBytes?: number;
}): Generator<LogStretch> {
  const { log, header } = options;
  const end = log.size();
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
      const torn = feed < 0 && header.isTorn(line);
      const stray: boolean = !begins &&
        (current === null || current.kind === "stray" || torn || isNulls(line));
      const kind: LogStretch["kind"] = stray ? "stray" : feed < 0 ? "open" : "record";
      if (current === null || begins || stray !== (current.kind === "stray")) {
        if (current !== null) yield current;
        current = { kind, offset: position + at, length: 0, timeMs: timeMs ?? 0, checksum: 0 };
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
