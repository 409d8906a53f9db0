// Compares one channel's journal with what a stream holds of it, message by message in the stream's
// order. What has been passed is known by ranges of numbers only, so memory stays flat.
//
// Normal, and counted apart: messages older than what the journal still holds, records that the
// stream's limits have dropped, records behind the cursor, which are still to be delivered.

import type { SequenceRange } from "../journal/journal_reader.ts";
import type { KeptJournal } from "../journal/kept_journal.ts";
import type { KeptRecords } from "../journal/kept_records.ts";
import type { Clock } from "../platform/clock.ts";
import type { RecordHeader } from "../record.ts";
import { AuditFindings, type FindingKind } from "./audit_findings.ts";
import {
  formatMessageId,
  messageBytes,
  messageHeaders,
  parseMessageId,
  type RecordFacts,
} from "./message.ts";
import {
  byteDifference,
  contentOf,
  entryDifference,
  headerDifferences,
  type ReadMessage,
} from "./message_match.ts";
import { type Hole, SequenceHoles } from "./sequence_holes.ts";

export interface ChannelAuditOptions {
  readonly journal: KeptJournal;
  readonly records: KeptRecords;
  readonly recordHeader: RecordHeader;
  /** The sink has delivered what comes before this sequence. */
  readonly deliveredNext: number;
  readonly clock: Clock;
}

/** What the end of a stream's reading tells. */
export interface StreamEnd {
  /** Of the messages that the stream's limits may have dropped: all before this stream sequence. */
  readonly droppedBefore: number;
  /** Of the server. */
  readonly maxPayload: number;
}

/** With more holes than these the oldest is taken for missing, even if it should still be filled. */
const mostHoles = 10_000;
const lookAgainMs = 50;
const notInStream = "not in the stream";

export class ChannelAudit {
  readonly findings = new AuditFindings();
  /** From which sequence on it compares. */
  readonly from: number;
  readonly #options: ChannelAuditOptions;
  readonly #holes = new SequenceHoles();
  /** Epochs that no number of this journal was given out in. */
  readonly #foreign = new Set<string>();
  #expected: number;
  #lastStream = 0;
  #compared = 0;
  #older = 0;
  #dropped = 0;
  #waiting = 0;

  constructor(options: ChannelAuditOptions) {
    this.#options = options;
    this.from = options.journal.oldestSequence;
    this.#expected = this.from;
  }

  get channel(): string {
    return this.#options.journal.name;
  }

  /** Records found in the stream, whether they match or not. */
  get compared(): number {
    return this.#compared;
  }

  /** Messages from before what the journal still holds. */
  get older(): number {
    return this.#older;
  }

  /** Records that the stream does not hold any more, by its limits. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Records that are still to be delivered. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes in the next message, if it is of this channel. */
  async take(message: ReadMessage): Promise<boolean> {
    const isOurs = await this.#take(message);
    if (isOurs) this.#lastStream = message.streamSequence;
    return isOurs;
  }

  /** Settles what did not come. */
  async end({ droppedBefore, maxPayload }: StreamEnd, signal: AbortSignal): Promise<void> {
    const { journal, deliveredNext } = this.#options;
    journal.look();
    const last = journal.lastSequence;
    const rest = { from: this.#expected, to: last, behind: this.#lastStream };
    for (const hole of [...this.#holes.all, rest]) {
      this.#waiting += journal.count({ ...hole, from: Math.max(hole.from, deliveredNext) });
      const delivered = { ...hole, to: Math.min(hole.to, deliveredNext - 1) };
      if (droppedBefore > hole.behind + 1) this.#dropped += journal.count(delivered);
      else {
        for (const range of journal.held(delivered)) await this.#miss(range, maxPayload, signal);
      }
    }
  }

  async #take(message: ReadMessage): Promise<boolean> {
    const id = parseMessageId(message.header("Nats-Msg-Id"));
    if (id !== null) {
      if (id.channel !== this.channel) return false;
      await this.#takeNumbered(message, id.sequence, id.epoch);
      return true;
    }
    if (message.header("Nectar-Channel") === this.channel) {
      await this.#takeNumbered(message, Number(message.header("Nectar-Sequence")), null);
      return true;
    }
    return await this.#takeNameless(message);
  }

  async #takeNumbered(message: ReadMessage, sequence: number, epoch: string | null): Promise<void> {
    const { journal, recordHeader } = this.#options;
    if (!await this.#isKept(sequence, epoch)) {
      // A power cut may bring back, under a new id, what was delivered from memory.
      const isForeign = epoch !== null && !journal.knows(epoch);
      const content = isForeign ? contentOf(message, recordHeader) : null;
      const sameBytes = content === null ? null : journal.findByContent(content);
      if (sameBytes !== null) return await this.#takeNumbered(message, sameBytes, null);
      const isOlder = sequence < journal.oldestSequence && (epoch === null || journal.knows(epoch));
      const isFormer = isForeign && this.#compared === 0;
      if (isOlder || isFormer) this.#older += 1;
      else {this.#find("not_in_journal", message, {
          sequence,
          what: "the journal does not hold it",
        });}
      if (isOlder) this.#expected = Math.max(this.#expected, sequence + 1);
      return;
    }
    if (sequence >= this.#expected) return await this.#takeNext(message, sequence);
    if (this.#holes.fill(sequence)) {
      this.#find("out_of_order", message, {
        sequence,
        what: `it stands behind ${this.#expected - 1}`,
      });
      this.#compared += 1;
      return this.#compareEntry(message, sequence);
    }
    if (sequence < this.from) this.#older += 1;
    else this.#findDuplicate(message, sequence);
  }

  async #takeNext(message: ReadMessage, sequence: number): Promise<void> {
    const { records, journal } = this.#options;
    const passed = { from: this.#expected, to: sequence - 1 };
    for (const range of journal.held(passed)) {
      this.#holes.add({ ...range, behind: this.#lastStream });
    }
    for (const hole of this.#holes.takeBeyond(mostHoles)) this.#giveUp(hole);
    this.#expected = sequence + 1;
    const record = records.atHand(sequence) ?? await records.read(sequence);
    // Retention has taken it in this moment.
    if (record === "gone") return;
    this.#compared += 1;
    if (record === "unreadable") return this.#findUnreadable(sequence, message.streamSequence);
    const bytes = byteDifference(record.line, message.payload);
    this.#findDifferences(message, record, bytes);
  }

  /** A message without an id and without a number: by its bytes it may still be a record's. */
  async #takeNameless(message: ReadMessage): Promise<boolean> {
    const { journal, recordHeader } = this.#options;
    const content = contentOf(message, recordHeader);
    if (content === null) return false;
    const { timeMs } = content;
    const sequence = journal.findByContent(content);
    if (sequence !== null) await this.#takeNumbered(message, sequence, null);
    else if (timeMs < (journal.entry(journal.oldestSequence)?.timeMs ?? 0)) this.#older += 1;
    else this.#find("not_in_journal", message, { timeMs, what: "no record has these bytes" });
    return true;
  }

  /** Whether the journal holds it: not believed at once when it does not. */
  async #isKept(sequence: number, epoch: string | null): Promise<boolean> {
    const { journal, clock } = this.#options;
    const isKept = (): boolean => {
      const kept = journal.epochOf(sequence);
      return kept !== null && (epoch === null || kept === epoch);
    };
    if (isKept()) return true;
    // Nothing comes back that is older than the oldest.
    if (sequence < journal.oldestSequence) return false;
    if (epoch !== null && this.#foreign.has(epoch)) return false;
    journal.look();
    if (isKept()) return true;
    await clock.delay(lookAgainMs);
    journal.look();
    if (epoch !== null && !journal.knows(epoch)) this.#foreign.add(epoch);
    return isKept();
  }

  #compareEntry(message: ReadMessage, sequence: number): void {
    const { journal } = this.#options;
    const entry = journal.entry(sequence);
    const epoch = journal.epochOf(sequence);
    if (entry === null || epoch === null) return;
    const difference = entryDifference(entry, message.payload);
    this.#findDifferences(message, { ...entry, sequence, epoch }, difference);
  }

  #findDifferences(
    message: ReadMessage,
    record: RecordFacts,
    bytes: string | null,
  ): void {
    const headers = headerDifferences(this.channel, record, message);
    const what = [...bytes === null ? [] : [bytes], ...headers].join("; ");
    const { sequence, timeMs } = record;
    if (what !== "") this.#find("different", message, { sequence, timeMs, what });
  }

  #findDuplicate(message: ReadMessage, sequence: number): void {
    const entry = this.#options.journal.entry(sequence);
    const isSame = entry === null || entryDifference(entry, message.payload) === null;
    const withoutId = message.header("Nats-Msg-Id") === "" ? ", without its message id" : "";
    const otherBytes = isSame ? "" : ", with other bytes";
    const what = `it is there a second time${withoutId}${otherBytes}`;
    this.#find("duplicate", message, { sequence, what });
  }

  #findUnreadable(sequence: number, streamSequence: number | null): void {
    const what = "the journal's own bytes do not match their checksum, or are gone";
    this.findings.add({ kind: "unreadable", ...this.#named(sequence), streamSequence, what });
  }

  #find(
    kind: FindingKind,
    message: ReadMessage,
    { sequence = 0, timeMs, what }: {
      readonly sequence?: number;
      readonly timeMs?: number;
      readonly what: string;
    },
  ): void {
    const { streamSequence, storedMs } = message;
    const kept = this.#options.journal.entry(sequence)?.timeMs;
    const id = message.header("Nats-Msg-Id");
    const time = timeMs ?? kept ?? storedMs;
    this.findings.add({ kind, sequence, id, timeMs: time, streamSequence, what });
  }

  async #miss({ from, to }: SequenceRange, maxPayload: number, signal: AbortSignal): Promise<void> {
    const { records } = this.#options;
    for (let sequence = from; sequence <= to && !signal.aborted; sequence++) {
      const record = records.atHand(sequence) ?? await records.read(sequence);
      if (record === "gone") continue;
      if (record === "unreadable") {
        this.#findUnreadable(sequence, null);
        continue;
      }
      const bytes = messageBytes(messageHeaders(this.channel, record), record.line);
      const what = bytes > maxPayload
        ? `not in the stream: set aside, ${bytes} bytes, and max_payload is ${maxPayload}`
        : notInStream;
      this.findings.add({ kind: "missing", ...this.#named(sequence), streamSequence: null, what });
    }
  }

  /** Takes what is in a hole for missing without another look. */
  #giveUp({ from, to }: Hole): void {
    const { journal, deliveredNext } = this.#options;
    this.#waiting += journal.count({ from: Math.max(from, deliveredNext), to });
    for (let sequence = from; sequence <= to && sequence < deliveredNext; sequence++) {
      const named = this.#named(sequence);
      this.findings.add({ kind: "missing", ...named, streamSequence: null, what: notInStream });
    }
  }

  #named(sequence: number): { sequence: number; id: string; timeMs: number } {
    const { journal } = this.#options;
    const epoch = journal.epochOf(sequence);
    const id = epoch === null ? "" : formatMessageId({ channel: this.channel, epoch, sequence });
    return { sequence, id, timeMs: journal.entry(sequence)?.timeMs ?? 0 };
  }
}
