// The segment that records are being appended to: a log that grows with every read, and an index
// that grows with every record that ends. An append either stands in both files or in neither.

import type { Fragment } from "../framer/framer.ts";
import { continueChecksum } from "../platform/checksum.ts";
import { appendAll, type Disk } from "../platform/disk.ts";
import type { LineHeader } from "../line_header.ts";
import type { RecordEnd } from "../record.ts";
import { AppendBuffer } from "./append_buffer.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import type { SegmentExtent } from "./segment_extent.ts";
import { copyBytes, SegmentFiles } from "./segment_files.ts";
import {
  decodeIndexEntry,
  encodeIndexEntry,
  encodeIndexHeader,
  indexEntryBytes,
  type IndexHeader,
  indexHeaderBytes,
  shiftEntries,
} from "./segment_index.ts";

const LF = 0x0a;

/** What every segment that is appended to needs. */
export interface NewSegment {
  readonly disk: Disk;
  /** Path of the files without ending. */
  readonly base: string;
  readonly header: IndexHeader;
  readonly recordHeader: LineHeader;
}

/** The first records of a segment, and where they end in its log. */
interface DurablePart {
  readonly count: number;
  readonly end: number;
}

export class ActiveSegment {
  readonly header: IndexHeader;
  readonly files: SegmentFiles;
  readonly #recordHeader: LineHeader;
  #extent: SegmentExtent;
  #durable: DurablePart;
  /** The files may be longer than the extent says. */
  #torn = false;
  readonly #buffer = new AppendBuffer();

  /** Opens the files at `base`, a path without ending, which hold durably what `extent` says. */
  static open(
    options: NewSegment & {
      readonly extent: SegmentExtent;
      /** The log is longer than `extent` says, and is to stay so. @default {false} */
      readonly isSealed?: boolean;
    },
  ): ActiveSegment {
    const files = new SegmentFiles(options.disk, options.base, options.isSealed);
    return new ActiveSegment(options, files, options.extent);
  }

  /** Makes files at `base` that hold what `former` holds from its record number `from` on. */
  static begin(
    options: NewSegment & {
      readonly former?: ActiveSegment;
      /** Counted from 0. @default {none, only what is open} */
      readonly from?: number;
      /** What is open stays with `former`. @default {false} */
      readonly withoutOpen?: boolean;
    },
  ): ActiveSegment {
    const { former, from = former?.extent.count ?? 0, withoutOpen = false } = options;
    const files = SegmentFiles.create(options.disk, options.base);
    try {
      const empty = { logBytes: 0, count: 0, open: null, lastEnd: null };
      const segment = new ActiveSegment(options, files, empty);
      if (former === undefined) appendAll(files.index, encodeIndexHeader(options.header));
      else segment.#copyFrom(former, { from, withoutOpen });
      return segment;
    } catch (error) {
      files.discard();
      throw error;
    }
  }

  private constructor(
    options: Pick<NewSegment, "header" | "recordHeader">,
    files: SegmentFiles,
    extent: SegmentExtent,
  ) {
    this.header = options.header;
    this.files = files;
    this.#recordHeader = options.recordHeader;
    this.#extent = extent;
    this.#durable = this.#whole();
  }

  get extent(): SegmentExtent {
    return this.#extent;
  }

  /** Whole records that survive a power cut, as far as these files go; their names are another matter. */
  get durableCount(): number {
    return this.#durable.count;
  }

  /** Of both files. */
  get bytes(): number {
    const { logBytes, count } = this.#extent;
    return logBytes + indexHeaderBytes + count * indexEntryBytes;
  }

  /** Of the record that will end next. */
  get nextSequence(): number {
    return this.header.firstSequence + this.#extent.count;
  }

  /** Bytes of the open record as it stands in the log, its header included; 0 when none is open. */
  get openLogBytes(): number {
    const { open, logBytes } = this.#extent;
    return open === null ? 0 : logBytes - open.offset;
  }

  /** Bytes of the open record behind its header; `null` when none is open. */
  get openBytes(): number | null {
    return this.#extent.open === null ? null : this.openLogBytes - this.#recordHeader.length;
  }

  /**
   * Appends fragments, all or none. A record that begins here gets `timeMs`.
   * @throws {Error} what the disk threw; both files are cut back to what they held
   */
  append(fragments: readonly Fragment[], timeMs: number): void {
    if (this.files.isSealed) throw new Error("the log ends in bytes that belong to no record");
    this.cutBack();
    const { files: { log, index }, extent: before } = this;
    this.#buffer.reserve(fragments, this.#recordHeader.length);
    const { lines, entries } = this.#buffer;
    let { logBytes, open, count, lastEnd } = before;
    let filled = 0;
    this.#torn = true;
    try {
      for (const { bytes, end, damaged = false, ownFeed = false } of fragments) {
        if (filled + this.#recordHeader.length + bytes.length >= lines.length) {
          appendAll(log, lines.subarray(0, filled));
          logBytes += filled;
          filled = 0;
        }
        const from = filled;
        if (open === null) {
          open = { offset: logBytes + filled, timeMs, checksum: 0, damaged };
          filled = this.#recordHeader.write(lines, filled, timeMs);
        }
        lines.set(bytes, filled);
        filled += bytes.length;
        if (end !== null && !ownFeed) lines[filled++] = LF;
        const checksum = continueChecksum(open.checksum, lines.subarray(from, filled));
        open = { ...open, checksum, damaged: open.damaged || damaged };
        if (end === null) continue;
        const entry = { ...open, length: logBytes + filled - open.offset, end };
        encodeIndexEntry(entries, (count - before.count) * indexEntryBytes, entry);
        count += 1;
        lastEnd = end;
        open = null;
      }
      appendAll(log, lines.subarray(0, filled));
      appendAll(index, entries.subarray(0, (count - before.count) * indexEntryBytes));
    } catch (error) {
      this.cutBack();
      throw error;
    }
    this.#torn = false;
    this.#extent = { logBytes: logBytes + filled, count, open, lastEnd };
  }

  /** Into files that hold nothing yet. */
  #copyFrom(
    former: ActiveSegment,
    { from, withoutOpen }: { readonly from: number; readonly withoutOpen: boolean },
  ): void {
    const theirs = former.#extent;
    const count = theirs.count - from;
    const start = former.offsetOf(from);
    const index = new Uint8Array(indexHeaderBytes + count * indexEntryBytes);
    index.set(encodeIndexHeader(this.header));
    const entries = index.subarray(indexHeaderBytes);
    former.files.index.readNow(entries, indexHeaderBytes + from * indexEntryBytes);
    shiftEntries(entries, -start);
    const to = withoutOpen ? former.#whole().end : theirs.logBytes;
    copyBytes(former.files.log, this.files.log, { from: start, to });
    // The header comes with the entries, last: where there is one, all is there.
    appendAll(this.files.index, index);
    const open = withoutOpen ? null : theirs.open;
    this.#extent = {
      logBytes: to - start,
      count,
      open: open === null ? null : { ...open, offset: open.offset - start },
      lastEnd: theirs.lastEnd,
    };
  }

  /** `lastEnd` is how the record before this segment ended: without one of its own it goes on there. */
  follow(lastEnd: RecordEnd | null): void {
    if (this.#extent.lastEnd === null) this.#extent = { ...this.#extent, lastEnd };
  }

  /** Cuts the open record off the log: it goes on in another segment. */
  dropOpen(): void {
    const { open } = this.#extent;
    if (open === null) return;
    this.files.cutLog(open.offset);
    this.#extent = { ...this.#extent, logBytes: open.offset, open: null };
  }

  /** Makes what was appended before the call survive a power cut. @throws {Error} see `SegmentFiles` */
  async sync(): Promise<void> {
    const covered = this.#whole();
    await this.files.sync();
    this.#durable = covered;
  }

  /** The first `count` records, as a segment that takes no more. It takes the files over. */
  firstRecords(count: number, place: RotatedSegment["place"]): RotatedSegment {
    return {
      ...this.header,
      count,
      lastSequence: this.header.firstSequence + count - 1,
      base: this.files.base,
      compressed: false,
      bytes: this.offsetOf(count) + indexHeaderBytes + count * indexEntryBytes,
      files: this.files,
      place,
    };
  }

  close(): void {
    this.files.close();
  }

  syncNow(): void {
    this.files.syncNow();
    this.#durable = this.#whole();
  }

  /** How far the whole records reach. */
  #whole(): DurablePart {
    const { count, open, logBytes } = this.#extent;
    return { count, end: open?.offset ?? logBytes };
  }

  /** Where record number `n` begins, or would. */
  offsetOf(n: number): number {
    if (n === this.#extent.count) return this.#whole().end;
    if (n === this.#durable.count) return this.#durable.end;
    const bytes = new Uint8Array(indexEntryBytes);
    this.files.index.readNow(bytes, indexHeaderBytes + n * indexEntryBytes);
    const entry = decodeIndexEntry(bytes, 0);
    if (entry !== null) return entry.offset;
    throw new Error(`read the index: entry ${n} is damaged`);
  }

  /** Cuts off what an append left that was refused half-way. */
  cutBack(): void {
    if (!this.#torn) return;
    // An entry must not outlive its line: it would claim bytes of the open record before it.
    this.files.index.truncate(indexHeaderBytes + this.#extent.count * indexEntryBytes);
    this.files.log.truncate(this.#extent.logBytes);
    this.#torn = false;
  }
}
