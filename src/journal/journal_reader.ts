// Reads records of a journal in order, from any sequence on, across segments. A reader sees only
// what has been synced, and every record it returns has passed its checksum.

import { crc32 } from "node:zlib";
import type { AppendFile, Disk, ReadFile } from "../platform/disk.ts";
import type { JournalRecord } from "../record.ts";
import {
  decodeIndexEntry,
  type IndexEntry,
  indexEntryBytes,
  indexHeaderBytes,
} from "./segment_index.ts";
import type { SegmentFiles } from "./segment_files.ts";

/** A segment as a reader needs it. */
export interface ReadableSegment {
  readonly firstSequence: number;
  /** Last one that may be read. */
  readonly lastSequence: number;
  readonly epoch: string;
  /** Path without ending; may change when the segment is rotated. */
  readonly base: string;
  readonly compressed: boolean;
  /** Open descriptors to read it by, where its names cannot be relied on. */
  readonly files?: SegmentFiles;
}

export interface ReaderSource {
  readonly disk: Disk;
  /** Last sequence that may be read. */
  readonly end: () => number;
  /** The segment that holds `sequence`, or else the next one behind it; `null` when none may be read. */
  locate(sequence: number): ReadableSegment | null;
  /** Makes a compressed segment readable. */
  unpack(segment: ReadableSegment): Promise<void>;
}

/** How much one read may give, and where it may put it. */
export interface ReadLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  /**
   * Memory for the lines, used when they fit: they are then valid only until it is used again. Saves
   * the garbage that a long backlog would make.
   */
  readonly buffer?: Uint8Array<ArrayBuffer>;
}

/** Sequences without a gap, both ends included. */
export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

/** What one read gave. */
export interface ReadResult {
  readonly records: readonly JournalRecord[];
  /** The sequence to go on with: behind the last record, unreadable ones included. */
  readonly next: number;
  /** Sequences that were passed because their bytes do not match the index, or are gone. */
  readonly unreadable: readonly SequenceRange[];
}

type Readable = Pick<ReadFile, "read">;

interface OpenSegment {
  /** What it was opened by. */
  readonly key: string | SegmentFiles;
  readonly log: Readable;
  readonly index: Readable;
  readonly close: () => void;
}

export class JournalReader implements Disposable {
  readonly #source: ReaderSource;
  #open: OpenSegment | null = null;

  constructor(source: ReaderSource) {
    this.#source = source;
  }

  /**
   * The records from `sequence` on: at most `maxRecords`, and at most `maxBytes` unless a single
   * record is larger. Empty when nothing is there yet.
   */
  async read(
    sequence: number,
    limits: ReadLimits,
  ): Promise<ReadResult> {
    const segment = this.#source.locate(sequence);
    if (segment === null) {
      // Numbers that were skipped, or records that were given up and told: nothing more comes of them.
      return { records: [], next: Math.max(sequence, this.#source.end() + 1), unreadable: [] };
    }
    if (segment.compressed) await this.#source.unpack(segment);
    const { index, log } = this.#files(segment);
    const first = Math.max(sequence, segment.firstSequence);
    const count = Math.min(limits.maxRecords, segment.lastSequence - first + 1);
    const entries = new Uint8Array(count * indexEntryBytes);
    const from = indexHeaderBytes + (first - segment.firstSequence) * indexEntryBytes;
    await index.read(entries, from);
    const decoded = Array.from(
      { length: count },
      (_, i) => decodeIndexEntry(entries, i * indexEntryBytes),
    );
    const span = fittingSpan(decoded, limits.maxBytes);
    const bytes = limits.buffer !== undefined && span.bytes <= limits.buffer.length
      ? limits.buffer.subarray(0, span.bytes)
      : new Uint8Array(span.bytes);
    const filled = bytes.subarray(0, await log.read(bytes, span.offset));
    const records: JournalRecord[] = [];
    const unreadable = first > sequence ? [{ from: sequence, to: first - 1 }] : [];
    for (const [i, entry] of decoded.slice(0, span.count).entries()) {
      const line = entry === null
        ? null
        : filled.subarray(entry.offset - span.offset, entry.offset - span.offset + entry.length);
      if (entry === null || line === null || crc32(line) !== entry.checksum) {
        const last = unreadable.at(-1);
        const joins = last?.to === first + i - 1;
        if (joins) unreadable.pop();
        unreadable.push({ from: joins ? last.from : first + i, to: first + i });
        continue;
      }
      const { timeMs, end, damaged } = entry;
      records.push({ sequence: first + i, epoch: segment.epoch, timeMs, end, damaged, line });
    }
    return { records, next: first + span.count, unreadable };
  }

  [Symbol.dispose](): void {
    this.#open?.close();
    this.#open = null;
  }

  #files(segment: ReadableSegment): OpenSegment {
    if (this.#open?.key === (segment.files ?? segment.base)) return this.#open;
    this[Symbol.dispose]();
    return this.#open = segment.files === undefined
      ? openByName(this.#source.disk, segment.base)
      : openByDescriptor(segment.files);
  }
}

function openByName(disk: Disk, base: string): OpenSegment {
  const log = disk.read(`${base}.log`);
  try {
    const index = disk.read(`${base}.idx`);
    const close = (): void => {
      log.close();
      index.close();
    };
    return { key: base, log, index, close };
  } catch (error) {
    log.close();
    throw error;
  }
}

function openByDescriptor(files: SegmentFiles): OpenSegment {
  const readable = (file: AppendFile): Readable => ({
    read: (buffer, offset) => Promise.resolve(file.readNow(buffer, offset)),
  });
  const { log, index } = files.hold();
  return { key: files, log: readable(log), index: readable(index), close: () => files.close() };
}

/** How many of the entries fit, and the stretch of log that holds them. At least one entry. */
function fittingSpan(
  entries: readonly (IndexEntry | null)[],
  maxBytes: number,
): { readonly count: number; readonly offset: number; readonly bytes: number } {
  let count = 0;
  let offset = -1;
  let end = 0;
  for (const entry of entries) {
    if (entry !== null) {
      if (offset >= 0 && entry.offset + entry.length - offset > maxBytes) break;
      if (offset < 0) offset = entry.offset;
      end = entry.offset + entry.length;
    }
    count += 1;
  }
  return { count, offset: Math.max(offset, 0), bytes: Math.max(end - Math.max(offset, 0), 0) };
}
