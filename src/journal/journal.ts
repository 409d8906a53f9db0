// The journal: one channel's durable log, and the queue that delivery reads from.
//
// On disk. A segment is a log, which holds exactly the records, for people, and an index, which
// holds an entry of fixed size a record, for the machine (segment_index.ts). The active segment is
// `{channel}.log`; at `maxSegmentBytes` it is renamed and a new one begun (segment_names.ts).
//
// Append. Bytes go to the log in the turn that read them. A record that has begun but not ended
// stands at the log's end without an entry, so a kill loses nothing that was read. Log first, index
// second: an entry never promises bytes that were not written.
//
// Sync. A group commit runs off the append path and covers all that was appended before it began.
// Readers see synced records only, so nothing is ever delivered that a power cut could take back.
//
// Rotation. The coming segment is written whole and synced under `.next` names, then the old one is
// renamed away, then the coming one takes its place; the folder is synced between the steps. Every
// prefix of these steps can be told from the names alone (opening.ts). A record that is open moves
// into the coming segment.
//
// Numbers. Sequences rise by one and are never given out twice within an epoch. A new epoch begins
// with a new segment whenever numbers may have been given out whose records are gone.
//
// Open. Never refuses, never resets, never cuts records off a log (recovery.ts).

import type { Fragment, FramerPosition } from "../framer/framer.ts";
import { errorText } from "../platform/notice.ts";
import { readState } from "../platform/state_file.ts";
import { channelName, RecordHeader } from "../record.ts";
import { ActiveSegment } from "./active_segment.ts";
import type { JournalOptions } from "./journal_options.ts";
import { JournalReader, type ReadableSegment } from "./journal_reader.ts";
import {
  type JournalState,
  parseJournalState,
  randomEpoch,
  reasonForNewEpoch,
} from "./journal_state.ts";
import { Numbering } from "./numbering.ts";
import { type JournalPlace, type OpenedSegments, openSegments } from "./opening.ts";
import { Rotation } from "./rotation.ts";
import type { IndexHeader } from "./segment_index.ts";
import { SegmentShelf } from "./segment_shelf.ts";
import { SyncSchedule } from "./sync_schedule.ts";

/** An append that the disk refused; the journal is as it was before. */
export class AppendError extends Error {
  override readonly name = "AppendError";
}

export class Journal implements AsyncDisposable {
  readonly name: string;
  /** The machine, as far as is known, went down since the last owner: what was open has no end. */
  readonly rebooted: boolean;
  readonly #options: JournalOptions;
  readonly #recordHeader: RecordHeader;
  readonly #shelf: SegmentShelf;
  readonly #schedule: SyncSchedule;
  readonly #numbering: Numbering;
  #active: ActiveSegment;
  #rotation: Rotation | null = null;
  #closing: Promise<void> | null = null;

  /** Opens or makes the channel's journal, repairing what a crash left behind. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { disk, folder, channel, report } = options;
    disk.makeFolder(folder);
    const state = parseJournalState(readState(disk, options.statePath));
    const recordHeader = new RecordHeader(channel);
    const name = channelName(channel);
    const found = await openSegments({
      disk,
      folder,
      channel: name,
      recordHeader,
      state,
      cutBackTo: options.cutBackTo,
      report,
    });
    const reason = reasonForNewEpoch({
      state,
      nextSequence: found.nextSequence,
      damaged: found.damaged,
      boot: options.boot,
    });
    const journal = new Journal(options, found, state, recordHeader);
    try {
      journal.#active.syncNow();
      const next = Math.max(found.nextSequence, state?.nextSequence ?? 1);
      if (reason !== null) journal.beginEpoch(next, reason);
    } catch (error) {
      journal.#closeFiles();
      throw error;
    }
    await journal.#saveState(false);
    return journal;
  }

  private constructor(
    options: JournalOptions,
    found: OpenedSegments,
    state: JournalState | undefined,
    recordHeader: RecordHeader,
  ) {
    const { disk, folder, report } = options;
    this.name = channelName(options.channel);
    this.rebooted = state?.boot !== options.boot;
    this.#options = options;
    this.#recordHeader = recordHeader;
    const { header, extent } = found.active;
    this.#numbering = new Numbering({ ...options, channel: this.name }, state, header);
    this.#shelf = new SegmentShelf({ ...options, channel: this.name, segments: found.rotated });
    const base = `${folder}/${this.name}`;
    this.#active = new ActiveSegment({ disk, base, header, extent, recordHeader });
    this.#schedule = new SyncSchedule({
      interval: options.sync,
      report: (notice) => report({ ...notice, message: `${this.name}: ${notice.message}` }),
      appended: () => this.lastSequence,
      sync: () => this.#active.sync(),
    });
  }

  /** Sequence of the last whole record; 0 when there never was one. */
  get lastSequence(): number {
    return this.#active.nextSequence - 1;
  }

  /** Last sequence that a power cut cannot take back, and that readers may see. */
  get syncedSequence(): number {
    return this.#schedule.synced;
  }

  /** First sequence that is still kept, or would be given out next. */
  get oldestSequence(): number {
    return this.#shelf.segments.find((segment) => segment.count > 0)?.firstSequence ??
      this.#active.header.firstSequence;
  }

  /** The epoch in which numbers are being given out. */
  get epoch(): string {
    return this.#active.header.epoch;
  }

  /** Where the framer of this channel stands. */
  get position(): FramerPosition {
    const lastEnd = this.#active.extent.lastEnd;
    return { openBytes: this.#active.openBytes, lastEnd };
  }

  /** How far the active segment reaches. */
  get place(): JournalPlace {
    const { extent, header } = this.#active;
    return { ...header, count: extent.count, logBytes: extent.logBytes };
  }

  /**
   * Begins a new segment when the active one is full; a record that is open moves along. Done by
   * `append`, unless it was done before. @throws {AppendError}
   */
  rotateWhenFull(): void {
    this.#orRefuse(() => {
      this.#finishRotation();
      const { logBytes, count } = this.#active.extent;
      if (logBytes < this.#options.maxSegmentBytes || count === 0) return;
      this.#rotate({ firstSequence: this.#active.nextSequence, epoch: this.epoch });
    });
  }

  /**
   * Appends what a framer cut from one read, in this turn, all or nothing. Records that begin here
   * get `timeMs`. @throws {AppendError} when the disk refuses; the same can be tried again
   */
  append(fragments: readonly Fragment[], timeMs: number): void {
    this.rotateWhenFull();
    this.#orRefuse(() => this.#active.append(fragments, timeMs));
    this.#schedule.request();
  }

  /** Resolves when all that was appended before the call survives a power cut. */
  sync(): Promise<void> {
    return this.#schedule.now();
  }

  /** Resolves when records behind `sequence` may be read, or when `signal` aborts. */
  syncedBeyond(sequence: number, signal: AbortSignal): Promise<void> {
    return this.#schedule.beyond(sequence, signal);
  }

  /** The epoch that `sequence` was given out in, or `null` when no segment holds it. */
  epochOf(sequence: number): string | null {
    const segment = this.#locate(sequence);
    return segment === null || segment.firstSequence > sequence ? null : segment.epoch;
  }

  reader(): JournalReader {
    return new JournalReader({
      disk: this.#options.disk,
      locate: (sequence) => this.#locate(sequence),
      unpack: (segment) => this.#shelf.unpack(segment.firstSequence),
    });
  }

  /** `holder` has no more need of records up to `sequence`. */
  release(holder: string, sequence: number): void {
    this.#shelf.release(holder, sequence);
  }

  /** Gives out numbers from `nextSequence` on in a new epoch. */
  beginEpoch(nextSequence: number, reason: string): void {
    this.#finishRotation();
    const header = { firstSequence: nextSequence, epoch: randomEpoch() };
    this.#numbering.begin(header);
    this.#rotate(header);
    this.#options.report({
      level: nextSequence === 1 ? "debug" : "warning",
      kind: "epoch_started",
      message: `${this.name}: numbering starts a new epoch at ${nextSequence}: ${reason}`,
      details: { sequence: nextSequence, epoch: this.epoch },
    });
  }

  /** Syncs and closes. What is open stays open in the log and is taken up at the next start. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#schedule.stop();
    await this.#shelf.stop();
    await this.#saveState(this.#rotation === null);
    this.#closeFiles();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #locate(sequence: number): ReadableSegment | null {
    if (sequence > this.syncedSequence) return null;
    const rotated = this.#shelf.find(sequence);
    if (rotated !== undefined) return rotated;
    const { firstSequence, epoch } = this.#active.header;
    if (this.syncedSequence < firstSequence) return null;
    return {
      firstSequence,
      lastSequence: this.syncedSequence,
      epoch,
      base: `${this.#options.folder}/${this.name}`,
      compressed: false,
    };
  }

  #orRefuse(write: () => void): void {
    try {
      write();
    } catch (cause) {
      throw new AppendError(`append to ${this.name}.log: ${errorText(cause)}`, { cause });
    }
  }

  #rotate(header: IndexHeader): void {
    const { disk, folder, clock } = this.#options;
    this.#finishRotation();
    this.#rotation = new Rotation({
      disk,
      folder,
      channel: this.name,
      old: this.#active,
      header,
      wallMs: clock.wallMs(),
      recordHeader: this.#recordHeader,
    });
    this.#finishRotation();
  }

  /** Goes on with a rotation that the disk has refused to finish, if there is one. */
  #finishRotation(): void {
    if (this.#rotation === null) return;
    const old = this.#active;
    const { active, rotated } = this.#rotation.finish();
    this.#rotation = null;
    this.#active = active;
    this.#schedule.retire(old);
    if (rotated !== null) this.#shelf.add(rotated);
    this.#saveState(false);
  }

  #closeFiles(): void {
    this.#active.close();
    this.#rotation?.close();
  }

  #saveState(closed: boolean): Promise<void> {
    const { header, nextSequence } = this.#active;
    return this.#numbering.save({
      activeFirstSequence: header.firstSequence,
      nextSequence,
      closed,
    });
  }
}
