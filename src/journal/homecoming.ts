// Brings to the disk what had to wait for it: segments that were left in disorder when it refused, or
// whose names somebody deleted, and those that were begun in memory meanwhile. In order, each whole
// under its names before the next is begun, so that it can be broken off between any two steps.

import { dirname } from "node:path";
import { appendAll, type AppendFile, type Disk } from "../platform/disk.ts";
import { freeRotatedBase, type RotatedSegment } from "./rotated_segment.ts";
import { encodeIndexHeader, indexEntryBytes, indexHeaderBytes } from "./segment_index.ts";
import { removeSegmentNow, SegmentFiles } from "./segment_files.ts";
import type { SegmentShelf } from "./segment_shelf.ts";

const chunkBytes = 256 * 1024;

export interface HomecomingOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly channel: string;
  readonly shelf: SegmentShelf;
  readonly wallMs: () => number;
  /** Free space that must be left on the disk, in bytes. */
  readonly floorBytes: () => number;
}

interface Readable {
  read(buffer: Uint8Array, offset: number): Promise<number>;
}

export class Homecoming {
  readonly #options: HomecomingOptions;
  #underWay: RotatedSegment | null = null;
  /** Segments that hold more than counts: it stands in memory, too, and may yet be lost there. */
  #toCut: (RotatedSegment & { readonly files: SegmentFiles })[] = [];
  /** Segments in memory without a record: their epoch says where those that follow belong. */
  readonly #empty: string[] = [];
  #begun: { readonly key: string; readonly base: string } | null = null;

  constructor(options: HomecomingOptions) {
    this.#options = options;
  }

  /** The segment that is being copied: not to be deleted now. */
  get underWay(): RotatedSegment | null {
    return this.#underWay;
  }

  /**
   * Puts everything on the shelf in its place on the disk; `waitingBytes` are to follow.
   * @throws {Error} what the disk threw; the next call goes on from there
   */
  async bring(waitingBytes: number): Promise<void> {
    const { disk, folder, shelf, floorBytes } = this.#options;
    if (disk.size(folder) === null) {
      disk.makeFolder(folder);
      await disk.syncFolder(dirname(folder));
    }
    const { freeBytes } = await disk.space(folder);
    const away = shelf.segments.filter(({ place }) => place === "memory");
    const neededBytes = away.reduce((sum, { bytes }) => sum + bytes, 2 * waitingBytes);
    if (freeBytes < floorBytes() + neededBytes) {
      throw new Error(`${folder}: ${freeBytes} bytes are free`);
    }
    for (;;) {
      const segment = shelf.segments.find(({ place }) =>
        place === "unsettled" || place === "memory"
      );
      if (segment === undefined) return;
      this.#underWay = segment;
      try {
        if (segment.place === "memory") await this.#copyHome(segment);
        else await this.#settle(segment);
        this.#begun = null;
      } finally {
        this.#underWay = null;
      }
    }
  }

  /** All that was in memory is safe on the disk: cuts off what stands there twice. */
  finish(): void {
    const { disk, shelf } = this.#options;
    for (const base of this.#empty.splice(0)) {
      try {
        removeSegmentNow(disk, base);
      } catch {
        // An opening that finds it drops it.
      }
    }
    for (const { files, ...segment } of this.#toCut.splice(0)) {
      try {
        if (segment.count === 0) files.remove();
        // An entry must not outlive its line: that would be told as a loss.
        files.index.truncate(indexBytesOf(segment));
        files.cutLog(logBytesOf(segment));
      } catch {
        // Opening the journal knows where the next segment begins, and takes no more of this one.
      } finally {
        files.close();
        shelf.noteCut(segment.firstSequence);
      }
    }
  }

  close(): void {
    for (const { files } of this.#toCut) files.close();
  }

  /** Free, and the same at every attempt: names that an earlier one gave must not be given twice. */
  #rotatedBase({ firstSequence, place }: RotatedSegment): string {
    const key = `${place} ${firstSequence}`;
    if (this.#begun?.key !== key) {
      const base = freeRotatedBase(this.#options, firstSequence, this.#options.wallMs());
      this.#begun = { key, base };
    }
    return this.#begun.base;
  }

  /** A segment that the disk refused to go on with, or that lost its names. */
  async #settle(segment: RotatedSegment): Promise<void> {
    const { disk, folder, shelf } = this.#options;
    const { files } = segment;
    if (files === undefined) throw new Error(`settle ${segment.base}: it is not open`);
    if (!files.areHere()) {
      if (segment.count === 0) return this.#drop(segment);
      const base = this.#rotatedBase(segment);
      files.moveLogIfHere(base);
      await this.#copy(segment, base, {
        log: fileReader(files.log),
        index: fileReader(files.index),
      });
      files.remove();
      const { files: _, ...closed } = segment;
      shelf.replace(segment, this.#atHome(closed, base));
      return files.close();
    }
    const base = this.#rotatedBase(segment);
    files.moveTo(base);
    await disk.syncFolder(folder);
    this.#toCut.push({ ...segment, files: files.hold() });
    if (segment.count === 0) this.#drop(segment);
    else shelf.replace(segment, { ...segment, base, place: "disk", isUncut: true });
  }

  #drop(segment: RotatedSegment): void {
    this.#options.shelf.replace(segment, null);
    segment.files?.close();
  }

  /** Held open like those that were rotated: somebody may delete it before a sink has it. */
  #atHome(segment: RotatedSegment, base: string): RotatedSegment {
    const home = { ...segment, base, place: "disk" } as const;
    try {
      return { ...home, files: new SegmentFiles(this.#options.disk, base) };
    } catch {
      // Out of descriptors: it can be read by name.
      return home;
    }
  }

  async #copyHome(segment: RotatedSegment): Promise<void> {
    const { disk, shelf } = this.#options;
    if (segment.count === 0) {
      this.#empty.push(segment.base);
      return shelf.replace(segment, null);
    }
    const log = disk.read(`${segment.base}.log`);
    try {
      const index = disk.read(`${segment.base}.idx`);
      try {
        const base = this.#rotatedBase(segment);
        await this.#copy(segment, base, { log, index });
        shelf.replace(segment, this.#atHome(segment, base));
        for (const ending of [".idx", ".log"]) disk.remove(segment.base + ending);
      } finally {
        index.close();
      }
    } finally {
      log.close();
    }
  }

  /** The log is renamed first: without its index it is found again, the reverse is a loss. */
  async #copy(
    segment: RotatedSegment,
    base: string,
    from: { readonly log: Readable; readonly index: Readable },
  ): Promise<void> {
    const { disk, folder } = this.#options;
    await this.#write(`${base}.log.tmp`, from.log, { from: 0, to: logBytesOf(segment) });
    const entries = { from: indexHeaderBytes, to: indexBytesOf(segment) };
    await this.#write(`${base}.idx.tmp`, from.index, entries, encodeIndexHeader(segment));
    disk.rename(`${base}.log.tmp`, `${base}.log`);
    disk.rename(`${base}.idx.tmp`, `${base}.idx`);
    await disk.syncFolder(folder);
  }

  async #write(
    path: string,
    source: Readable,
    { from, to }: { readonly from: number; readonly to: number },
    head: Uint8Array = new Uint8Array(0),
  ): Promise<void> {
    const { disk } = this.#options;
    if (disk.size(path) !== null) disk.remove(path);
    const file = disk.append(path);
    try {
      appendAll(file, head);
      const buffer = new Uint8Array(Math.min(chunkBytes, to - from));
      for (let offset = from; offset < to;) {
        const part = buffer.subarray(0, Math.min(buffer.length, to - offset));
        const count = await source.read(part, offset);
        if (count === 0) throw new Error(`copy to ${path}: the source ends at ${offset} of ${to}`);
        appendAll(file, part.subarray(0, count));
        offset += count;
      }
      await file.sync();
    } catch (error) {
      disk.remove(path);
      throw error;
    } finally {
      file.close();
    }
  }
}

function fileReader(file: AppendFile): Readable {
  return { read: (buffer, offset) => Promise.resolve(file.readNow(buffer, offset)) };
}

function indexBytesOf({ count }: RotatedSegment): number {
  return indexHeaderBytes + count * indexEntryBytes;
}

function logBytesOf(segment: RotatedSegment): number {
  return segment.bytes - indexBytesOf(segment);
}
