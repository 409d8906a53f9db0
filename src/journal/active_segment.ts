// The segment that records are being appended to: a log that grows with every read, and an index
// that grows with every record that ends. An append either stands in both files or in neither.

import type { Fragment } from "../framer/framer.ts";
import { continueChecksum } from "../platform/checksum.ts";
import { appendAll, type AppendFile, type Disk } from "../platform/disk.ts";
import type { RecordEnd, RecordHeader } from "../record.ts";
import {
  encodeIndexEntry,
  encodeIndexHeader,
  indexEntryBytes,
  type IndexHeader,
  indexHeaderBytes,
} from "./segment_index.ts";

const LF = 0x0a;

/** A record whose end has not been read yet; it stands at the log's end, without an index entry. */
export interface OpenRecord {
  /** Of its header in the log. */
  readonly offset: number;
  readonly timeMs: number;
  /** CRC-32 of what stands in the log. */
  readonly checksum: number;
}

/** How far a segment's files reach. */
export interface SegmentExtent {
  readonly logBytes: number;
  readonly count: number;
  readonly open: OpenRecord | null;
  readonly lastEnd: RecordEnd | null;
}

export class ActiveSegment {
  readonly header: IndexHeader;
  readonly #recordHeader: RecordHeader;
  readonly #log: AppendFile;
  readonly #index: AppendFile;
  #extent: SegmentExtent;
  /** The files may be longer than the extent says. */
  #torn = false;
  #lines = new Uint8Array(16 * 1024);
  #entries = new Uint8Array(64 * indexEntryBytes);

  /** Opens files that stand as `extent` says. `base` is their path without ending. */
  constructor(options: {
    readonly disk: Disk;
    readonly base: string;
    readonly header: IndexHeader;
    readonly extent: SegmentExtent;
    readonly recordHeader: RecordHeader;
  }) {
    this.header = options.header;
    this.#extent = options.extent;
    this.#recordHeader = options.recordHeader;
    this.#log = options.disk.append(`${options.base}.log`);
    try {
      this.#index = options.disk.append(`${options.base}.idx`);
    } catch (error) {
      this.#log.close();
      throw error;
    }
  }

  get extent(): SegmentExtent {
    return this.#extent;
  }

  /** Of the record that will end next. */
  get nextSequence(): number {
    return this.header.firstSequence + this.#extent.count;
  }

  /** Bytes of the open record behind its header; `null` when none is open. */
  get openBytes(): number | null {
    const { open, logBytes } = this.#extent;
    return open === null ? null : logBytes - open.offset - this.#recordHeader.length;
  }

  /**
   * Appends fragments, all or none. A record that begins here gets `timeMs`.
   * @throws {Error} what the disk threw; both files are cut back to what they held
   */
  append(fragments: readonly Fragment[], timeMs: number): void {
    this.#reserve(fragments);
    const before = this.#extent;
    let { open, count, lastEnd } = before;
    let filled = 0;
    for (const { bytes, end } of fragments) {
      const from = filled;
      if (open === null) {
        open = { offset: before.logBytes + filled, timeMs, checksum: 0 };
        filled = this.#recordHeader.write(this.#lines, filled, timeMs);
      }
      this.#lines.set(bytes, filled);
      filled += bytes.length;
      if (end !== null) this.#lines[filled++] = LF;
      const checksum = continueChecksum(open.checksum, this.#lines.subarray(from, filled));
      if (end === null) {
        open = { ...open, checksum };
        continue;
      }
      const length = before.logBytes + filled - open.offset;
      const entry = { offset: open.offset, length, timeMs: open.timeMs, end, checksum };
      encodeIndexEntry(this.#entries, (count - before.count) * indexEntryBytes, entry);
      count += 1;
      lastEnd = end;
      open = null;
    }
    this.#write(filled, count - before.count);
    this.#extent = { logBytes: before.logBytes + filled, count, open, lastEnd };
  }

  /** Cuts the open record off the log: it goes on in the next segment. */
  dropOpen(): void {
    const { open } = this.#extent;
    if (open === null) return;
    this.#log.truncate(open.offset);
    this.#extent = { ...this.#extent, logBytes: open.offset, open: null };
  }

  async sync(): Promise<void> {
    await Promise.all([this.#log.sync(), this.#index.sync()]);
  }

  syncNow(): void {
    this.#log.syncNow();
    this.#index.syncNow();
  }

  close(): void {
    this.#log.close();
    this.#index.close();
  }

  #reserve(fragments: readonly Fragment[]): void {
    let bytes = 0;
    for (const fragment of fragments) {
      bytes += fragment.bytes.length + this.#recordHeader.length + 1;
    }
    if (bytes > this.#lines.length) this.#lines = new Uint8Array(2 * bytes);
    const entryBytes = fragments.length * indexEntryBytes;
    if (entryBytes > this.#entries.length) this.#entries = new Uint8Array(2 * entryBytes);
  }

  #write(lineBytes: number, entryCount: number): void {
    if (this.#torn) this.#cutBack();
    this.#torn = true;
    try {
      appendAll(this.#log, this.#lines.subarray(0, lineBytes));
      appendAll(this.#index, this.#entries.subarray(0, entryCount * indexEntryBytes));
    } catch (error) {
      this.#cutBack();
      throw error;
    }
    this.#torn = false;
  }

  /** Cuts off what an append left that was refused half-way. */
  #cutBack(): void {
    this.#log.truncate(this.#extent.logBytes);
    this.#index.truncate(indexHeaderBytes + this.#extent.count * indexEntryBytes);
    this.#torn = false;
  }
}

/** Makes the files of a segment that holds no record yet, `tail` being the start of an open one. */
export function createSegmentFiles(options: {
  readonly disk: Disk;
  readonly base: string;
  readonly header: IndexHeader;
  readonly tail: Uint8Array;
}): void {
  const { disk, base, header, tail } = options;
  for (const ending of [".log", ".idx"]) {
    if (disk.size(base + ending) !== null) disk.remove(base + ending);
  }
  for (const [ending, bytes] of [[".log", tail], [".idx", encodeIndexHeader(header)]] as const) {
    const file = disk.append(base + ending);
    try {
      appendAll(file, bytes);
      file.syncNow();
    } finally {
      file.close();
    }
  }
}
