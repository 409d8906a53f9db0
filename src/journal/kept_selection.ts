// Which records of a kept journal lie between two points of time and two numbers: found from the
// indexes alone. Where the clock stepped back, each record still counts by its own time.

import { setImmediate, setTimeout } from "node:timers/promises";
import type { SequenceRange } from "./journal_reader.ts";
import { KeptIndex, SegmentMoved } from "./kept_index.ts";
import type { KeptJournal } from "./kept_journal.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import type { IndexEntry } from "./segment_index.ts";

/** Milliseconds since 1970 from `sinceMs` on and before `untilMs`, and numbers, both included. */
export interface SelectedBounds extends SequenceRange {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface SelectedRecord {
  readonly sequence: number;
  /** `null` when its index entry is damaged. */
  readonly timeMs: number | null;
}

export interface KeptSelection {
  /** In order, none touching the next. */
  readonly ranges: readonly SequenceRange[];
  readonly records: number;
  /** As they stand in the log. */
  readonly bytes: number;
  readonly first: SelectedRecord | null;
  readonly last: SelectedRecord | null;
}

const batchRecords = 4096;
const attempts = 10;
/** Between two attempts: whoever moves the files gets on with it. */
const settleMs = 10;

/** As far as it came when `signal` aborts. @throws {Error} what the disk threw */
export async function selectKept(
  journal: KeptJournal,
  bounds: SelectedBounds,
  signal: AbortSignal,
): Promise<KeptSelection> {
  const selecting = new Selecting(bounds);
  const to = Math.min(bounds.to, journal.lastSequence);
  let next = bounds.from;
  for (let attempt = 1; next <= to && !signal.aborted;) {
    const segment = journal.find(next);
    if (segment === undefined) break;
    const from = Math.max(next, segment.firstSequence);
    const count = Math.min(batchRecords, Math.min(to, segment.lastSequence) - from + 1);
    const entries = readEntries(journal, segment, from, count);
    if (entries === null) {
      if (attempt++ === attempts) {
        throw new Error(`read ${segment.base}.idx: it moves all the time`);
      }
      await setTimeout(settleMs);
      journal.look();
      continue;
    }
    attempt = 1;
    entries.forEach((entry, i) => selecting.take(from + i, entry));
    next = from + entries.length;
    await setImmediate();
  }
  return selecting.selection;
}

/** `null` when the segment got another name, or was deleted. */
function readEntries(
  { disk }: KeptJournal,
  segment: RotatedSegment,
  from: number,
  count: number,
): (IndexEntry | null)[] | null {
  try {
    using index = new KeptIndex(disk, segment);
    return index.read(from, count);
  } catch (error) {
    if (error instanceof SegmentMoved) return null;
    throw error;
  }
}

class Selecting {
  readonly #bounds: SelectedBounds;
  readonly #ranges: SequenceRange[] = [];
  #records = 0;
  #bytes = 0;
  #first: SelectedRecord | null = null;
  #last: SelectedRecord | null = null;
  /** What counts for a record whose own time is lost: the one before it. */
  #timeMs = -Infinity;

  constructor(bounds: SelectedBounds) {
    this.#bounds = bounds;
  }

  get selection(): KeptSelection {
    return {
      ranges: this.#ranges,
      records: this.#records,
      bytes: this.#bytes,
      first: this.#first,
      last: this.#last,
    };
  }

  take(sequence: number, entry: IndexEntry | null): void {
    const { sinceMs, untilMs, from, to } = this.#bounds;
    this.#timeMs = entry?.timeMs ?? this.#timeMs;
    const timeMs = this.#timeMs;
    if (timeMs < sinceMs || timeMs >= untilMs || sequence < from || sequence > to) return;
    this.#records += 1;
    this.#bytes += entry?.length ?? 0;
    this.#last = { sequence, timeMs: entry?.timeMs ?? null };
    this.#first ??= this.#last;
    const range = this.#ranges.at(-1);
    if (range?.to === sequence - 1) {
      this.#ranges[this.#ranges.length - 1] = { ...range, to: sequence };
    } else this.#ranges.push({ from: sequence, to: sequence });
  }
}
