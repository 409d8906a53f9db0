// A journal as it stands in its folder, for whoever looks in from outside, beside the service or
// without it: takes no lock and changes nothing. The service appends, rotates, packs and deletes
// meanwhile: what was found is looked for anew wherever something is not as expected.

import type { Disk } from "../platform/disk.ts";
import { readState } from "../platform/state_file.ts";
import { parseJournalState } from "./journal_state.ts";
import { KeptIndex, SegmentMoved } from "./kept_index.ts";
import { pendingEpoch } from "./memory_tail.ts";
import {
  findRotatedSegment,
  readIndexHeader,
  type RotatedSegment,
  withoutOverlap,
} from "./rotated_segment.ts";
import { endOfFormer, type IndexEntry } from "./segment_index.ts";
import { rotatedNames } from "./segment_names.ts";
import type { SequenceRange } from "./journal_reader.ts";

export interface KeptJournalOptions {
  readonly disk: Disk;
  readonly folder: string;
  /** Where records may wait in memory; those that are not there are passed over. */
  readonly tailFolders: readonly string[];
  /** Of the journal's state. */
  readonly statePath: string;
  /** `{fips}-{side}` */
  readonly name: string;
}

const lookAttempts = 4;

export class KeptJournal implements Disposable {
  readonly name: string;
  readonly disk: Disk;
  readonly #options: KeptJournalOptions;
  readonly #epochs = new Set<string>();
  #segments: readonly RotatedSegment[] = [];
  #index: KeptIndex | null = null;

  /** @throws {Error} when the folder cannot be read */
  constructor(options: KeptJournalOptions) {
    this.#options = options;
    this.name = options.name;
    this.disk = options.disk;
    this.look();
  }

  /** Those with records, in order. */
  get segments(): readonly RotatedSegment[] {
    return this.#segments;
  }

  /** First sequence that is kept; 1 when there is none. */
  get oldestSequence(): number {
    return this.#segments[0]?.firstSequence ?? 1;
  }

  /** 0 when there is none. */
  get lastSequence(): number {
    return this.#segments.at(-1)?.lastSequence ?? 0;
  }

  /** Of the last record. */
  get epoch(): string {
    return this.#segments.at(-1)?.epoch ?? "";
  }

  /** Looks anew at what is there. @throws {Error} when the folder cannot be read */
  look(): void {
    const { disk, folder } = this.#options;
    for (let attempt = 1; attempt <= lookAttempts; attempt++) {
      const before = disk.list(folder).join();
      this.#lookOnce();
      // Files may have got other names in between.
      if (disk.list(folder).join() === before) return;
    }
  }

  /** The segment that holds `sequence`, or else the first one behind it. */
  find(sequence: number): RotatedSegment | undefined {
    return this.#segments.find(({ lastSequence }) => lastSequence >= sequence);
  }

  /** The epoch that `sequence` was given out in; `null` when it is not kept. */
  epochOf(sequence: number): string | null {
    const segment = this.find(sequence);
    return segment === undefined || segment.firstSequence > sequence ? null : segment.epoch;
  }

  /** Whether numbers of this epoch were ever given out here, as far as is known. */
  knows(epoch: string): boolean {
    return this.#epochs.has(epoch);
  }

  /** Which of these numbers are kept. */
  held({ from, to }: SequenceRange): SequenceRange[] {
    const ranges: SequenceRange[] = [];
    for (let next = from; next <= to;) {
      const segment = this.find(next);
      if (segment === undefined || segment.firstSequence > to) break;
      const held = {
        from: Math.max(next, segment.firstSequence),
        to: Math.min(to, segment.lastSequence),
      };
      ranges.push(held);
      next = held.to + 1;
    }
    return ranges;
  }

  /** Where `sequence` stands and what it must look like; `null` when it is not kept or damaged. */
  entry(sequence: number): IndexEntry | null {
    try {
      return this.#readEntry(sequence);
    } catch (error) {
      if (!(error instanceof SegmentMoved)) throw error;
      this.look();
      return this.#readEntry(sequence);
    }
  }

  /** How many of these numbers are kept. */
  count(range: SequenceRange): number {
    return this.held(range).reduce((sum, { from, to }) => sum + to - from + 1, 0);
  }

  /** The record with this time, length and checksum, where the clock did not step; else `null`. */
  findByContent(
    wanted: Pick<IndexEntry, "timeMs" | "length" | "checksum">,
  ): number | null {
    let low = this.oldestSequence;
    let high = this.lastSequence + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.entry(middle)?.timeMs ?? 0) < wanted.timeMs) low = middle + 1;
      else high = middle;
    }
    for (let sequence = low; sequence <= this.lastSequence; sequence++) {
      const entry = this.entry(sequence);
      if (entry?.timeMs !== wanted.timeMs) return null;
      if (entry.length === wanted.length && entry.checksum === wanted.checksum) return sequence;
    }
    return null;
  }

  /** Closes what is open; it can be used again. */
  [Symbol.dispose](): void {
    this.#index?.[Symbol.dispose]();
    this.#index = null;
  }

  #readEntry(sequence: number): IndexEntry | null {
    const segment = this.find(sequence);
    if (segment === undefined || segment.firstSequence > sequence) return null;
    if (this.#index?.segment !== segment) {
      this[Symbol.dispose]();
      this.#index = new KeptIndex(this.disk, segment);
    }
    return this.#index.read(sequence, 1)[0] ?? null;
  }

  #lookOnce(): void {
    this[Symbol.dispose]();
    const { disk, folder, name, statePath, tailFolders } = this.#options;
    const state = parseJournalState(readState(disk, statePath));
    for (const { epoch } of state?.epochs ?? []) this.#epochs.add(epoch);
    const home = segmentsIn(disk, folder, name);
    for (const { epoch } of home) this.#epochs.add(epoch);
    // Another collector may keep a channel of the same name there.
    const tail = tailFolders.flatMap((each) => segmentsIfThere(disk, each, name))
      .filter(({ epoch }) => epoch !== pendingEpoch && this.#epochs.has(epoch));
    const all = [...home, ...tail].sort((a, b) => a.firstSequence - b.firstSequence);
    const newest = all.pop();
    if (newest === undefined) {
      this.#segments = [];
      return;
    }
    const end = endOfFormer(newest);
    const counts = newest.count > 0 || end < newest.firstSequence;
    this.#segments = [...withoutOverlap(all, counts ? end : Infinity), newest]
      .filter(({ count }) => count > 0);
  }
}

/** All segments of the channel in a folder, the one that is written and a coming one included. */
function segmentsIn(disk: Disk, folder: string, name: string): RotatedSegment[] {
  const rotated = rotatedNames(name, disk.list(folder));
  const found = rotated.map(({ base, firstSequence }) =>
    findAt(disk, `${folder}/${base}`, firstSequence)
  );
  const written = [`${folder}/${name}`, `${folder}/${name}.next`].map((base) => findAt(disk, base));
  return [...found, ...written].filter((segment) => segment !== null);
}

/** None where the folder is not there, or is another user's. */
function segmentsIfThere(disk: Disk, folder: string, name: string): RotatedSegment[] {
  try {
    return disk.size(folder) === null ? [] : segmentsIn(disk, folder, name);
  } catch (error) {
    const isNotOurs = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied;
    if (isNotOurs) return [];
    throw error;
  }
}

/** One that is renamed or deleted in this moment is not there, and told by whoever looks for it. */
function findAt(disk: Disk, base: string, firstSequence?: number): RotatedSegment | null {
  try {
    const first = firstSequence ?? readIndexHeader(disk, base)?.firstSequence;
    return first === undefined ? null : findRotatedSegment(disk, base, first);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
