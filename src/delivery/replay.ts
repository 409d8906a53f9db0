// Publishes selected records of one channel again, as copies, from its journal as it stands on the
// disk. The account of it is right at any moment, also when something ends it early.

import type { SequenceRange } from "../journal/journal_reader.ts";
import type { KeptRecords } from "../journal/kept_records.ts";
import type { KeptSelection } from "../journal/kept_selection.ts";
import { replayHeaders } from "./message.ts";
import type { CopyOutcome, ReplayPublisher, SettledCopy } from "./replay_publisher.ts";

export interface ReplayProgress {
  /** Of records, sent or passed over. */
  readonly bytes: number;
  /** From 0 to 1. */
  readonly share: number;
}

export class Replay {
  readonly #channel: string;
  readonly #records: KeptRecords;
  readonly #selection: KeptSelection;
  readonly #subject: string;
  readonly #progress: (done: ReplayProgress) => void;
  readonly #counts = new Map<CopyOutcome, number>();
  readonly #underWay = new Set<number>();
  readonly #unreadable: SequenceRange[] = [];
  readonly #gone: SequenceRange[] = [];
  readonly #rejected: SequenceRange[] = [];
  #passed = 0;
  #bytes = 0;
  /** First selected record that was not begun; `null` when there is none. */
  #next: number | null;

  constructor(options: {
    readonly channel: string;
    readonly records: KeptRecords;
    readonly selection: KeptSelection;
    readonly subject: string;
    readonly progress: (done: ReplayProgress) => void;
  }) {
    this.#channel = options.channel;
    this.#records = options.records;
    this.#selection = options.selection;
    this.#subject = options.subject;
    this.#progress = options.progress;
    this.#next = options.selection.first?.sequence ?? null;
  }

  /** Records of which a copy is there now, duplicates included. */
  get replayed(): number {
    return this.#count("stored") + this.duplicates;
  }

  /** Of these, copies that an earlier replay had brought there. */
  get duplicates(): number {
    return this.#count("duplicate");
  }

  /** Records that the journal cannot give back. */
  get unreadable(): readonly SequenceRange[] {
    return this.#unreadable;
  }

  /** Records that were deleted from the journal after they were selected. */
  get gone(): readonly SequenceRange[] {
    return this.#gone;
  }

  /** Records that are larger than what server or stream take. */
  get rejected(): readonly SequenceRange[] {
    return this.#rejected;
  }

  /** The record to go on with; `null` when all have been dealt with. */
  get next(): number | null {
    const [oldest] = this.#underWay;
    return oldest ?? this.#next;
  }

  /** Settles early, without an error, when `signal` aborts. @throws {Error} what the publisher threw */
  async run(publisher: ReplayPublisher, signal: AbortSignal): Promise<void> {
    for (const { from, to } of this.#selection.ranges) {
      for (let sequence = from; sequence <= to; sequence++) {
        this.#next = sequence;
        if (signal.aborted) return await publisher.settled();
        await this.#copy(sequence, publisher);
      }
    }
    this.#next = null;
    await publisher.settled();
  }

  /** Takes in what became of a copy. */
  settle({ sequence, bytes, outcome }: SettledCopy): void {
    this.#underWay.delete(sequence);
    this.#counts.set(outcome, this.#count(outcome) + 1);
    if (outcome === "rejected") addTo(this.#rejected, sequence);
    this.#bytes += bytes;
    this.#pass();
  }

  async #copy(sequence: number, publisher: ReplayPublisher): Promise<void> {
    const record = this.#records.atHand(sequence) ?? await this.#records.read(sequence);
    if (record === "unreadable" || record === "gone") {
      addTo(record === "gone" ? this.#gone : this.#unreadable, sequence);
      return this.#pass();
    }
    const subject = this.#subject;
    const headers = replayHeaders(this.#channel, record, subject);
    this.#underWay.add(sequence);
    await publisher.publish(sequence, { subject, headers, payload: record.line });
  }

  #pass(): void {
    this.#passed += 1;
    this.#progress({ bytes: this.#bytes, share: this.#passed / this.#selection.records });
  }

  #count(outcome: CopyOutcome): number {
    return this.#counts.get(outcome) ?? 0;
  }
}

function addTo(ranges: SequenceRange[], sequence: number): void {
  const last = ranges.at(-1);
  if (last?.to === sequence - 1) ranges[ranges.length - 1] = { ...last, to: sequence };
  else ranges.push({ from: sequence, to: sequence });
}
