// Delivers one channel's journal over one connection, in order, from a given sequence on. It knows
// nothing of outages: whatever goes wrong ends the connection, and a new publisher begins where the
// stream says.

import type { Clock } from "../platform/clock.ts";
import type { Progress } from "../journal/holders.ts";
import type { Journal } from "../journal/journal.ts";
import type { JournalReader } from "../journal/journal_reader.ts";
import type { JournalRecord } from "../record.ts";
import type { Report } from "../platform/notice.ts";
import type { Cursor } from "./cursor.ts";
import { formatMessageId } from "./message.ts";
import type { Outcome } from "./outcome.ts";
import type { FoundMessage } from "./resume.ts";
import type { SendWindow } from "./send_window.ts";

/** Read ahead of the window at most. */
const batch = { maxRecords: 64, maxBytes: 64 * 1024 };

/** A record that is under way. `stored` is its stream sequence once acknowledged, 0 when set aside. */
interface Flight {
  readonly sequence: number;
  readonly messageId: string;
  /** Of its line. */
  readonly bytes: number;
  readonly sentMs: number;
  stored: number | null;
}

export class Publisher {
  readonly #journal: Journal;
  readonly #skip: Map<number, FoundMessage>;
  /** 0 when none is to be skipped. */
  readonly #lastSkipped: number;
  readonly #window: SendWindow;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #send: (record: JournalRecord) => Outcome | null;
  /** The client copies a payload in the turn that publishes it. */
  readonly #buffer = new Uint8Array(batch.maxBytes);
  readonly #flights = new Map<number, Flight>();
  readonly #start: Cursor;
  /** All before this one is acknowledged or set aside. */
  #needed: number;
  /** Of the records before that one, the one that stands last in the stream. */
  #stored: Cursor["stored"];
  #next: number;
  /** Read up to here: these go out whatever becomes of the journal. */
  #taken: number;
  #delivered = 0;

  constructor(options: {
    readonly journal: Journal;
    readonly cursor: Cursor;
    /** Sequences that are in the stream already. */
    readonly skip: ReadonlyMap<number, FoundMessage>;
    readonly window: SendWindow;
    readonly clock: Clock;
    readonly report: Report;
    /** Puts a record on the wire; an outcome when it is settled without the server. */
    readonly send: (record: JournalRecord) => Outcome | null;
  }) {
    this.#journal = options.journal;
    this.#start = options.cursor;
    this.#needed = options.cursor.next;
    this.#next = options.cursor.next;
    this.#taken = options.cursor.next - 1;
    this.#skip = new Map(options.skip);
    this.#lastSkipped = [...options.skip.keys()].reduce((most, each) => Math.max(most, each), 0);
    this.#stored = options.cursor.stored;
    this.#window = options.window;
    this.#clock = options.clock;
    this.#report = options.report;
    this.#send = options.send;
  }

  /** Name of the stream that is delivered to. */
  get stream(): string {
    return this.#start.stream;
  }

  get channel(): string {
    return this.#journal.name;
  }

  /** Records acknowledged. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Everything that is synced has been acknowledged. */
  get caughtUp(): boolean {
    return this.#flights.size === 0 && this.#next > this.#journal.syncedSequence;
  }

  get progress(): Progress {
    return { passed: this.#needed - 1, taken: this.#taken };
  }

  /** When the oldest record that is not acknowledged was sent, on the monotonic clock. */
  get oldestSentMs(): number | null {
    for (const flight of this.#flights.values()) {
      if (flight.stored === null) return flight.sentMs;
    }
    return null;
  }

  /** The cursor as of now. `streamEnd` is the highest sequence of the stream that this connection has seen. */
  cursor(streamEnd: number): Cursor {
    const next = this.#needed;
    const epoch = this.#journal.epochOf(next - 1);
    const cursor = { ...this.#start, next, stored: this.#stored, epoch };
    // What is skipped may stand before the newest that is stored, and must be found again.
    if (this.#needed <= this.#lastSkipped) return cursor;
    const searched = this.caughtUp ? streamEnd : cursor.stored?.sequence ?? 0;
    return { ...cursor, searched: Math.max(cursor.searched, searched) };
  }

  async run(signal: AbortSignal): Promise<void> {
    using reader = this.#journal.reader();
    while (!signal.aborted) {
      await this.#journal.syncedBeyond(this.#next - 1, signal);
      if (!signal.aborted) await this.#publishBatch(reader, signal);
    }
  }

  /** Takes in what became of a record. */
  settle(sequence: number, outcome: Exclude<Outcome, { kind: "hold" }>): void {
    const flight = this.#flights.get(sequence);
    if (flight === undefined || flight.stored !== null) return;
    if (outcome.kind === "rejected") this.#reportSetAside(sequence, outcome.message);
    else this.#delivered += 1;
    flight.stored = outcome.kind === "stored" ? outcome.streamSequence : 0;
    const nowMs = this.#clock.monotonicMs();
    this.#window.leave(flight.bytes, nowMs - flight.sentMs, nowMs);
    this.#advance();
  }

  async #publishBatch(reader: JournalReader, signal: AbortSignal): Promise<void> {
    const limits = { ...batch, buffer: this.#buffer };
    const { records, next, unreadable } = await reader.read(this.#next, limits);
    this.#taken = next - 1;
    for (const { from, to } of unreadable) {
      this.#report({
        level: "error",
        kind: "records_passed_over",
        channel: this.#journal.name,
        message: `${this.#journal.name}: records ${from}–${to} cannot be read and are passed over`,
        details: { from, to },
      });
    }
    let admitted = 0;
    for (const [i, record] of records.entries()) {
      const { sequence, epoch } = record;
      const present = this.#skip.get(sequence);
      if (present !== undefined) {
        const { id: messageId, streamSequence: stored } = present;
        this.#flights.set(sequence, { sequence, messageId, bytes: 0, sentMs: 0, stored });
        this.#skip.delete(sequence);
        this.#next = sequence + 1;
        this.#advance();
        continue;
      }
      const bytes = record.line.length;
      if (admitted > 0) admitted -= 1;
      else if (!this.#window.tryEnter(bytes)) {
        admitted = await this.#window.enter(this.#sizes(records.slice(i))) - 1;
      }
      if (signal.aborted) return;
      const sentMs = this.#clock.monotonicMs();
      const messageId = formatMessageId({ channel: this.channel, epoch, sequence });
      this.#flights.set(sequence, { sequence, messageId, bytes, sentMs, stored: null });
      this.#next = sequence + 1;
      const outcome = this.#send(record);
      if (outcome !== null && outcome.kind !== "hold") this.settle(sequence, outcome);
    }
    this.#next = next;
    this.#advance();
  }

  /** Of the lines that are to be sent. */
  #sizes(records: readonly JournalRecord[]): number[] {
    return records.flatMap(({ sequence, line }) => this.#skip.has(sequence) ? [] : [line.length]);
  }

  /** Moves on over what is acknowledged without a hole. */
  #advance(): void {
    for (const flight of this.#flights.values()) {
      if (flight.stored === null) {
        this.#needed = flight.sequence;
        return;
      }
      this.#flights.delete(flight.sequence);
      const { stored: sequence, messageId } = flight;
      if (sequence > (this.#stored?.sequence ?? 0)) this.#stored = { sequence, messageId };
    }
    this.#needed = this.#next;
  }

  #reportSetAside(sequence: number, why: string): void {
    this.#report({
      level: "error",
      kind: "rejected_record",
      channel: this.#journal.name,
      message: `${this.#journal.name}: record ${sequence} is set aside: ${why}`,
      hint:
        "it stands in the journal; raise max_payload or max_msg_size on the server for the next",
      details: { sequence },
    });
  }
}
