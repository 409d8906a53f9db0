// Reads the records of a kept journal, mostly onwards, a batch at a time. Every record has passed its
// checksum: where one does not, the files may just have been renamed or packed, so the folder is
// looked at anew before it is believed.

import { crc32 } from "node:zlib";
import type { Clock } from "../platform/clock.ts";
import type { JournalRecord } from "../record.ts";
import { KeptIndex } from "./kept_index.ts";
import type { KeptJournal } from "./kept_journal.ts";
import { PackedLog } from "./packed_log.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import type { IndexEntry } from "./segment_index.ts";

/** A record, or that it cannot be read, or that it is not kept. */
export type KeptRecord = JournalRecord | "unreadable" | "gone";

interface OpenLog {
  readonly key: string;
  readonly read: (buffer: Uint8Array, offset: number) => Promise<number>;
  readonly close: () => void | Promise<void>;
}

interface Batch {
  readonly from: number;
  readonly records: readonly KeptRecord[];
}

const batchRecords = 512;
const batchBytes = 256 * 1024;
const attempts = 4;
const settleMs = 20;

export class KeptRecords implements AsyncDisposable {
  readonly #journal: KeptJournal;
  readonly #clock: Clock;
  #log: OpenLog | null = null;
  #batch: Batch = { from: 0, records: [] };

  constructor(journal: KeptJournal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** The record, if it was read along with another one. */
  atHand(sequence: number): KeptRecord | undefined {
    return this.#batch.records[sequence - this.#batch.from];
  }

  /** The record. Its line is valid until another one is asked for. @throws {Error} what the disk threw */
  async read(sequence: number): Promise<KeptRecord> {
    const found = this.atHand(sequence);
    if (found !== undefined) return found;
    for (let attempt = 1;; attempt++) {
      const batch = await this.#load(sequence, attempt === attempts);
      if (batch !== null) this.#batch = batch;
      if (batch !== null) return batch.records[0] ?? "gone";
      await this.#close();
      await this.#clock.delay(settleMs);
      this.#journal.look();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  /** `null` when something is not as it should be, unless it `isLast`. */
  async #load(sequence: number, isLast: boolean): Promise<Batch | null> {
    try {
      const segment = this.#journal.find(sequence);
      if (segment === undefined || segment.firstSequence > sequence) {
        // What is older than the oldest does not come back.
        const isGone = isLast || sequence < this.#journal.oldestSequence;
        return isGone ? { from: sequence, records: ["gone"] } : null;
      }
      const records = await this.#readFrom(segment, sequence);
      return isLast || !records.includes("unreadable") ? { from: sequence, records } : null;
    } catch (error) {
      if (!isLast) return null;
      if (error instanceof Deno.errors.PermissionDenied) throw error;
      return { from: sequence, records: ["unreadable"] };
    }
  }

  async #readFrom(segment: RotatedSegment, sequence: number): Promise<KeptRecord[]> {
    const entries = fitting(this.#entries(segment, sequence));
    const whole = entries.filter((entry) => entry !== null);
    const start = whole[0]?.offset ?? 0;
    const end = whole.reduce((most, { offset, length }) => Math.max(most, offset + length), start);
    const bytes = new Uint8Array(end - start);
    const log = await this.#open(segment);
    const filled = bytes.subarray(0, await log.read(bytes, start));
    return entries.map((entry, i) => {
      if (entry === null) return "unreadable";
      const line = filled.subarray(entry.offset - start, entry.offset - start + entry.length);
      if (line.length < entry.length || crc32(line) !== entry.checksum) return "unreadable";
      const { timeMs, end, damaged } = entry;
      return { sequence: sequence + i, epoch: segment.epoch, timeMs, end, damaged, line };
    });
  }

  #entries(segment: RotatedSegment, sequence: number): (IndexEntry | null)[] {
    using index = new KeptIndex(this.#journal.disk, segment);
    return index.read(sequence, Math.min(batchRecords, segment.lastSequence - sequence + 1));
  }

  async #open(segment: RotatedSegment): Promise<OpenLog> {
    const { base, compressed, firstSequence, epoch } = segment;
    const key = `${epoch}/${firstSequence}/${base}/${compressed}`;
    if (this.#log?.key === key) return this.#log;
    await this.#close();
    const { disk } = this.#journal;
    const log = compressed ? new PackedLog(disk, `${base}.log.gz`) : disk.read(`${base}.log`);
    return this.#log = {
      key,
      read: (buffer, offset) => log.read(buffer, offset),
      close: () => log.close(),
    };
  }

  async #close(): Promise<void> {
    await this.#log?.close();
    this.#log = null;
  }
}

/** Those at the beginning that a batch has room for, at least one. */
function fitting(entries: readonly (IndexEntry | null)[]): (IndexEntry | null)[] {
  let bytes = 0;
  const tooMany = entries.findIndex((entry, i) => {
    bytes += entry?.length ?? 0;
    return i > 0 && bytes > batchBytes;
  });
  return entries.slice(0, tooMany < 0 ? entries.length : tooMany);
}
