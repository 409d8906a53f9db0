// The journal: one channel's durable log, and the queue that delivery reads from.
//
// On disk. A segment is a log, which holds exactly the records, for people, and an index, which
// holds an entry of fixed size a record, for the machine (segment_index.ts). The active segment is
// `{channel}.log`; at `maxSegmentBytes` it is renamed and a new one begun (segment_names.ts).
//
// Append. Bytes go to the log in the turn that read them. A record that has begun but not ended
// stands at the log's end without an entry, so a kill loses nothing that was read. Log first, index
// second: an entry never promises bytes that were not written. A sync runs off this path and covers
// all that was appended before it began. Readers see synced records only, so nothing is ever
// delivered that a power cut could take back. A rotation makes the coming segment, which is appended
// to at once; syncing it and naming all files follows (rotation.ts). An open record moves along.
//
// A disk that refuses. What is not known to be synced moves to a segment in memory, and appending
// goes on there, in a bounded room (writer.ts, retreat.ts). A sync that failed is never believed
// later. Readers read on, from memory too. When the disk takes records again, all of it goes there
// in order (homecoming.ts). The same brings back files that somebody deleted.
//
// Numbers. Sequences rise by one and are never given out twice within an epoch. A new epoch begins
// with a new segment whenever numbers may have been given out whose records are gone.
//
// Open. Never refuses, never resets, never cuts records off a log (opening.ts). A disk that cannot
// be opened is tried again; until then records wait in memory without final numbers.

import type { Fragment, FramerStart } from "../framer/framer.ts";
import { errorText } from "../platform/notice.ts";
import { AppendError } from "./append_error.ts";
import type { Home } from "./home.ts";
import { type JournalStart, openLater, startJournal } from "./journal_start.ts";
import type { JournalOptions } from "./journal_options.ts";
import type { JournalPlace } from "./journal_place.ts";
import { JournalContents } from "./journal_contents.ts";
import { JournalReader } from "./journal_reader.ts";
import { randomEpoch } from "./journal_state.ts";
import { cutOff, positionIn } from "./open_record.ts";
import { SegmentShelf } from "./segment_shelf.ts";
import { SyncSchedule } from "./sync_schedule.ts";
import { Writer } from "./writer.ts";

export class Journal implements AsyncDisposable {
  readonly name: string;
  /** The segments that take no more records. */
  readonly shelf: SegmentShelf;
  /** The last run closed it, as far as can be told. */
  readonly wasClosed: boolean;
  readonly #options: JournalOptions;
  readonly #start: JournalStart;
  readonly #schedule: SyncSchedule;
  readonly #writer: Writer;
  readonly #contents: JournalContents;
  #home: Home | null;
  #isOpen = false;
  #closing: Promise<void> | null = null;
  /** A disk that refused is tried without delay the next time. */
  #atOnce = false;

  /** Opens or makes the channel's journal, repairing what a crash left behind. */
  static async open(options: JournalOptions): Promise<Journal> {
    const start = await startJournal(options);
    const journal = new Journal(options, start);
    try {
      if (start.home !== null) await journal.#arrive(start.home);
    } catch (error) {
      await journal.#closeFiles();
      throw error;
    }
    return journal;
  }

  private constructor(options: JournalOptions, start: JournalStart) {
    this.name = options.name;
    this.#options = options;
    this.#start = start;
    this.#home = start.home;
    this.wasClosed = start.home?.wasClosed ?? false;
    this.shelf = new SegmentShelf({ ...options, channel: this.name });
    this.shelf.exchange(start.joined.segments);
    this.#writer = new Writer({
      ...start,
      journal: options,
      channel: this.name,
      shelf: this.shelf,
      start: start.joined,
      switched: () => {
        this.#noteState();
        // Not in this turn: two syncs of a file at once would share one error.
        queueMicrotask(() => this.#schedule.hurry());
      },
    });
    this.#contents = new JournalContents(this.shelf, () => this.#writer.active);
    this.#schedule = new SyncSchedule({
      interval: options.sync,
      report: (notice) => options.report({ ...notice, message: `${this.name}: ${notice.message}` }),
      appended: () => this.isOpen ? this.lastSequence : 0,
      keep: () => this.#keep(),
    });
  }

  /** The disk could be opened: numbers are final, and records can be read. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Records are in memory only, because the disk took none. */
  get inMemory(): boolean {
    return this.#writer.firstInMemory < Infinity;
  }

  /** Sequence of the last whole record; 0 when there never was one. */
  get lastSequence(): number {
    return this.#writer.active.nextSequence - 1;
  }

  /** Last sequence that readers may see: it is safe on the disk, or waits for it in memory. */
  get syncedSequence(): number {
    return this.#schedule.synced;
  }

  /** Last sequence that a power cut cannot take back. */
  get durableSequence(): number {
    return Math.min(this.syncedSequence, this.#writer.firstInMemory - 1);
  }

  /** First sequence that is still kept, or would be given out next. */
  get oldestSequence(): number {
    return this.#contents.oldestSequence;
  }

  /** The epoch in which numbers are being given out. */
  get epoch(): string {
    return this.#writer.active.header.epoch;
  }

  /** Bytes on disk and in memory. */
  get bytes(): number {
    return this.#contents.bytes;
  }

  /** Where the framer of this channel stands. */
  get position(): FramerStart {
    return positionIn(this.#writer.active);
  }

  /** How far the journal reaches. */
  get place(): JournalPlace {
    const { nextSequence, openLogBytes } = this.#writer.active;
    return { epoch: this.epoch, nextSequence, openLogBytes };
  }

  /**
   * Appends what a framer cut from one read, in this turn, all or nothing. Records that begin here
   * get `timeMs`. @throws {AppendError} when disk and memory refuse; the same can be tried again
   */
  append(fragments: readonly Fragment[], timeMs: number): void {
    try {
      this.#writer.append(fragments, timeMs);
    } catch (cause) {
      throw new AppendError(`append to ${this.name}.log: ${errorText(cause)}`, { cause });
    }
    if (this.isOpen && this.#writer.inMemory) this.#schedule.advance(this.lastSequence);
    this.#schedule.request();
  }

  /** Resolves when all that was appended before the call survives what `syncedSequence` says. */
  sync(): Promise<void> {
    this.#atOnce = true;
    return this.#schedule.now();
  }

  /** Resolves when records behind `sequence` may be read, or when `signal` aborts. */
  syncedBeyond(sequence: number, signal: AbortSignal): Promise<void> {
    return this.#schedule.beyond(sequence, signal);
  }

  /** Notices files that were deleted or moved away. To be called about once a second. */
  look(): void {
    if (!this.isOpen) return;
    this.shelf.noticeVanished();
    if (!this.#writer.isHere || this.#writer.hasWork) this.#schedule.hurry();
  }

  /** The epoch that `sequence` was given out in, or `null` when no segment holds it. */
  epochOf(sequence: number): string | null {
    return this.#contents.epochOf(sequence);
  }

  reader(): JournalReader {
    return new JournalReader({
      disk: this.#options.disk,
      end: () => this.syncedSequence,
      locate: (sequence) => this.#contents.locate(sequence, this.isOpen ? this.syncedSequence : 0),
      unpack: (segment) => this.shelf.unpack(segment.firstSequence),
    });
  }

  /** Gives out numbers from `nextSequence` on in a new epoch. */
  beginEpoch(nextSequence: number, reason: string): void {
    try {
      this.#writer.beginSegment({ firstSequence: nextSequence, epoch: randomEpoch() });
    } finally {
      // Refused halfway, it may have begun all the same.
      this.#home?.beginEpoch(this.#writer.active.header);
      this.#noteState();
    }
    this.#options.report({
      level: nextSequence === 1 ? "debug" : "warning",
      kind: "epoch_started",
      message: `${this.name}: numbering starts a new epoch at ${nextSequence}: ${reason}`,
      details: { sequence: nextSequence, epoch: this.epoch },
    });
  }

  /** From this turn on readers see nothing of what was appended behind `place`: it is taken back. */
  freeze(place: JournalPlace | undefined): void {
    this.#schedule.limit(Math.min(this.syncedSequence, (place?.nextSequence ?? Infinity) - 1));
  }

  /** Lets go of the files as a kill would: whoever opens them next repairs them and cuts them back. */
  abandon(): Promise<void> {
    return this.#closing ??= this.#schedule.halt()
      .then(() => this.#home?.saved)
      .then(() => this.#closeFiles());
  }

  /** Syncs and closes. What is open stays open in the log and is taken up at the next start. */
  close(): Promise<void> {
    this.#atOnce = true;
    return this.#closing ??= this.#schedule.stop()
      .then(() => this.#saveState(this.#writer.isSettled))
      .then(() => this.#closeFiles());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #keep(): Promise<boolean> {
    if (this.#home === null) await this.#openLater();
    const atOnce = this.#atOnce;
    this.#atOnce = false;
    // What comes home must find its epoch there. At other times a disk of the state that hangs holds
    // nothing up.
    const isNeeded = this.#isOpen && this.#writer.hasWork;
    if (isNeeded && this.#home?.isSaved === false) await this.#saveState(false);
    if (this.#home !== null) await this.#writer.keep(atOnce);
    return this.#home !== null && this.#writer.isSettled;
  }

  /** Opens the disk that could not be opened at start. */
  async #openLater(): Promise<void> {
    const home = await openLater(this.#options, this.#start, {
      memory: () => ({ complete: this.shelf.segments, active: this.#writer.active }),
      joined: (joined) => {
        this.shelf.exchange(joined.segments);
        this.#writer.exchange(joined);
      },
    });
    this.#home = home;
    if (home !== null) await this.#arrive(home);
  }

  /** Settles the numbering with what was found at home, before anybody may read. */
  async #arrive(home: Home): Promise<void> {
    const { clock } = this.#options;
    // What the line said while the machine was down is lost: what comes next does not go on there.
    const isCutOff = home.rebooted && !this.#writer.inMemory && this.position.openBytes !== null;
    const next = Math.max(home.next.firstSequence, this.#writer.active.nextSequence);
    if (home.reasonForNewEpoch !== null) this.beginEpoch(next, home.reasonForNewEpoch);
    // What is appended from here on is made safe by the next round.
    const covered = this.lastSequence;
    if (isCutOff) this.append([cutOff(this.#writer.active, "reboot")], clock.wallMs());
    if (this.#writer.hasWork) await this.#writer.keep(true);
    const isSaved = await this.#saveState(false);
    if (!isSaved && home.wasClosed) {
      // What the old state says would be believed after a power cut, and numbers given out again.
      this.beginEpoch(this.lastSequence + 1, "the state cannot be saved");
    }
    this.#isOpen = true;
    if (!isSaved) this.#noteState();
    this.#schedule.advance(covered);
  }

  async #closeFiles(): Promise<void> {
    this.#writer.close();
    await this.shelf.stop();
  }

  /** Not before all is settled that came after a reboot: an opening that fails must not hide it. */
  #noteState(): void {
    if (this.#isOpen) this.#saveState(false);
  }

  /** Resolves to whether the disk let it. */
  async #saveState(closed: boolean): Promise<boolean> {
    const { header, nextSequence, extent: { logBytes } } = this.#writer.active;
    const activeFirstSequence = header.firstSequence;
    return await this.#home?.save({ activeFirstSequence, nextSequence, closed, logBytes }) ?? false;
  }
}
