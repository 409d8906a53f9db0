// Where a journal's records wait while the disk takes none: segments like those on the disk, in a
// folder on a memory file system, so that they outlive the process, though not a power cut. Readers
// take them from there as from anywhere else.

import { appendAll, type Disk } from "../platform/disk.ts";
import type { LineHeader } from "../line_header.ts";
import { ActiveSegment } from "./active_segment.ts";
import { cutBackTo, type JournalPlace } from "./journal_place.ts";
import { repairSegment } from "./recovery.ts";
import {
  findRotatedSegment,
  freeRotatedBase,
  readIndexHeader,
  type RotatedSegment,
} from "./rotated_segment.ts";
import {
  encodeIndexHeader,
  endOfFormer,
  type IndexHeader,
  indexHeaderBytes,
} from "./segment_index.ts";
import { rotatedNames } from "./segment_names.ts";

/** The epoch of records that wait for the disk to tell where the numbering stands. */
export const pendingEpoch = "0".repeat(32);

/** Segments of one channel in memory, oldest first. */
export interface TailSegments {
  /** Those that take no more records. */
  readonly complete: readonly RotatedSegment[];
  readonly active: ActiveSegment;
}

/** The same with other numbers. */
export interface NumberedTail {
  readonly complete: readonly RotatedSegment[];
  /** Of the active one. */
  readonly header: IndexHeader;
}

export class MemoryTail {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #channel: string;
  readonly #recordHeader: LineHeader;
  readonly #feedsInside: boolean;

  constructor(options: {
    readonly disk: Disk;
    readonly folder: string;
    readonly channel: string;
    readonly recordHeader: LineHeader;
    /** See `JournalOptions`. */
    readonly feedsInside: boolean;
  }) {
    this.#disk = options.disk;
    this.#folder = options.folder;
    this.#channel = options.channel;
    this.#recordHeader = options.recordHeader;
    this.#feedsInside = options.feedsInside;
  }

  /** Begins a segment with what `former` holds from its record number `from` on. */
  begin(options: {
    readonly header: IndexHeader;
    readonly wallMs: number;
    readonly former?: ActiveSegment;
    readonly from?: number;
    readonly withoutOpen?: boolean;
  }): ActiveSegment {
    this.#disk.makeFolder(this.#folder);
    const { header, wallMs, ...rest } = options;
    const place = { disk: this.#disk, folder: this.#folder, channel: this.#channel };
    const base = freeRotatedBase(place, header.firstSequence, wallMs);
    return ActiveSegment.begin({
      ...rest,
      disk: this.#disk,
      base,
      header,
      recordHeader: this.#recordHeader,
    });
  }

  /** Begins the segment in which the open record of `former` goes on: there it is cut off. */
  succeed(former: ActiveSegment, header: IndexHeader, wallMs: number): ActiveSegment {
    const { extent: { count }, nextSequence } = former;
    const end = count > 0 ? nextSequence : endOfFormer(former.header);
    const next = this.begin({ header: { ...header, previousSequence: end - 1 }, wallMs, former });
    try {
      former.dropOpen();
      return next;
    } catch (error) {
      next.files.discard();
      throw error;
    }
  }

  /** What the last run left, cut back and repaired; `null` when there is nothing. */
  leftovers(place: JournalPlace | undefined): TailSegments | null {
    const disk = this.#disk;
    if (disk.size(this.#folder) === null) return null;
    const names = rotatedNames(this.#channel, disk.list(this.#folder));
    const segments = names.flatMap(({ base: name }) => {
      const base = `${this.#folder}/${name}`;
      const fallback = readIndexHeader(disk, base);
      if (fallback === null) {
        // A kill came before all was copied: what was copied is still where it came from.
        for (const ending of [".idx", ".log"]) {
          if (disk.size(base + ending) !== null) disk.remove(base + ending);
        }
        return [];
      }
      if (place !== undefined) cutBackTo(disk, base, place);
      const { header, extent } = repairSegment({
        disk,
        base,
        recordHeader: this.#recordHeader,
        fallback,
        feedsInside: this.#feedsInside,
        // What is in memory did not outlive a power cut.
        powerCut: false,
        wallMs: 0,
      });
      return [{ header, extent, base }];
    });
    const last = segments.pop();
    if (last === undefined) return null;
    const complete = segments.flatMap(({ base, header }) => {
      const segment = findRotatedSegment(disk, base, header.firstSequence);
      return segment === null ? [] : [{ ...segment, place: "memory" as const }];
    });
    const recordHeader = this.#recordHeader;
    return { complete, active: ActiveSegment.open({ ...last, disk, recordHeader }) };
  }

  /** What the segments are called when they are numbered from `next` on, in their order. */
  numbered(segments: TailSegments, next: IndexHeader): NumberedTail {
    let { firstSequence } = next;
    const { epoch } = next;
    const complete = segments.complete.map((segment) => {
      const header = { firstSequence, epoch, previousSequence: firstSequence - 1 };
      firstSequence += segment.count;
      return { ...segment, ...header, lastSequence: firstSequence - 1 };
    });
    return { complete, header: { firstSequence, epoch } };
  }

  /** Gives the segments these numbers. The active one is opened anew. */
  renumber({ active }: TailSegments, { complete, header }: NumberedTail): ActiveSegment {
    for (const segment of complete) this.#replaceHeader(segment.base, segment);
    const { files: { base }, extent } = active;
    this.#replaceHeader(base, header);
    const recordHeader = this.#recordHeader;
    const opened = ActiveSegment.open({ disk: this.#disk, base, header, extent, recordHeader });
    active.close();
    return opened;
  }

  /** `segment` takes no more records; it is closed. */
  complete(segment: ActiveSegment): RotatedSegment {
    const { files, ...rest } = segment.firstRecords(segment.extent.count, "memory");
    files?.close();
    return rest;
  }

  #replaceHeader(base: string, header: IndexHeader): void {
    const disk = this.#disk;
    const path = `${base}.idx`;
    const source = disk.read(path);
    const entries = new Uint8Array(Math.max(0, source.size() - indexHeaderBytes));
    source.readNow(entries, indexHeaderBytes);
    source.close();
    if (disk.size(`${path}.tmp`) !== null) disk.remove(`${path}.tmp`);
    const file = disk.append(`${path}.tmp`);
    try {
      appendAll(file, encodeIndexHeader(header));
      appendAll(file, entries);
    } finally {
      file.close();
    }
    disk.rename(`${path}.tmp`, path);
  }
}
