// One configured port, from source to journal: the only place that knows all of its stages. Bytes
// come in, are framed and appended in the same turn; delivery reads from the journal by itself.

import type { Fragment, Framer } from "../framer/framer.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import { errorText } from "../platform/notice.ts";
import type { Run, Source, SourceHandler, SourceRead } from "../source/source.ts";
import type { Acknowledgement } from "./acknowledgement.ts";
import { AppendQueue } from "./append_queue.ts";
import type { CatchBuffer, Caught } from "./catch_buffer.ts";
import { ChannelStanding, type StandingOptions } from "./channel_standing.ts";
import type { ChannelStatus } from "./channel_status.ts";
import { FaultGuard } from "./fault_guard.ts";
import type { PortChannel } from "./opened_channel.ts";

export class Channel implements PortChannel, AsyncDisposable {
  readonly journal: Journal;
  readonly #source: Source;
  readonly #framer: Framer;
  readonly #catch: CatchBuffer;
  readonly #clock: Clock;
  readonly #idleFlushMs: number;
  readonly #firstRecord: (() => void) | undefined;
  readonly #acknowledgement: Acknowledgement | undefined;
  readonly #standing: ChannelStanding;
  readonly #guard: FaultGuard;
  #tellBroken: (error: unknown) => void = () => {};
  #lastByteMs = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #appends: AppendQueue;
  #recordsAtOpen = 0;
  #provedLine = false;

  constructor(
    options: StandingOptions & {
      readonly source: Source;
      /** Must stand where the journal stands. */
      readonly framer: Framer;
      readonly catchBuffer: CatchBuffer;
      readonly clock: Clock;
      /** A silence of so long ends a record, unless the framer has a length of its own. */
      readonly idleFlushMs: number;
      /** Called at the first record after each opening: the source's settings work. @default {nobody} */
      readonly firstRecord?: () => void;
      /** Who tells the sender what is safe. @default {nobody} */
      readonly acknowledgement?: Acknowledgement | undefined;
    },
  ) {
    this.journal = options.journal;
    this.#source = options.source;
    this.#framer = options.framer;
    this.#catch = options.catchBuffer;
    this.#clock = options.clock;
    this.#idleFlushMs = options.framer.gapMs ?? options.idleFlushMs;
    this.#firstRecord = options.firstRecord;
    this.#acknowledgement = options.acknowledgement;
    this.#standing = new ChannelStanding(options);
    this.#guard = options.guard ?? new FaultGuard();
    this.#appends = new AppendQueue({
      ...options,
      guard: this.#guard,
      refused: (error) => this.#standing.refused(error, "reading waits"),
      resumed: () => this.#appendResumed(),
    });
  }

  get status(): ChannelStatus {
    return this.#standing.status;
  }

  /** Whether bytes were read that are not in the journal yet. */
  get holding(): boolean {
    return this.#appends.isRefused || this.#source.undecided > 0;
  }

  /** `caught` was read in the last run; the journal has been cut back to where it belongs. */
  start(caught: Caught | null, broke: (error: unknown) => void = () => {}): void {
    this.#tellBroken = broke;
    this.#guard.watch((error) => this.#broke(error));
    this.#guard.run(() => this.#begin(caught), undefined);
  }

  #begin(caught: Caught | null): void {
    this.#appends.takeUpDamage();
    for (const read of caught?.reads ?? []) this.#capture(read);
    this.#keepUndecided();
    // What an open record was left open for is lost.
    if (this.journal.wasClosed && this.#source.isKept !== true) this.#flush("stop");
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#watchIdle();
    const turn = (act: () => void): void => this.#guard.run(act, undefined);
    const handler: SourceHandler = {
      opened: (detail) => turn(() => this.#opened(detail)),
      detecting: (detail) => turn(() => this.#standing.detecting(detail)),
      room: (length) => this.#guard.run(() => this.#room(length), null),
      bytes: (chunk, timeMs) => this.#guard.run(() => this.#take(chunk, timeMs), false),
      signal: (isThere) => turn(() => this.#standing.signal(isThere)),
      closed: (detail) => turn(() => this.#closed(detail)),
      unavailable: (problem) => turn(() => this.#standing.unavailable(problem)),
      broke: (error) => this.#guard.break(error),
    };
    this.#source.start(handler);
  }

  /**
   * Stops reading, ends an open record as partial unless its rest can still come, and syncs the
   * journal. A disk that refuses is told, and does not keep the others from stopping.
   */
  async stop(): Promise<void> {
    await this.#source.stop();
    clearTimeout(this.#idleTimer);
    this.#guard.run(() => {
      if (this.#source.isKept !== true) this.#flush("stop");
      this.#standing.stopped();
    }, undefined);
    this.#appends.stop();
    try {
      await this.journal.sync();
    } catch (error) {
      this.#standing.say("warning", "sync_failed", `stop: ${errorText(error)}`);
    }
    await this.#acknowledgement?.stop();
    await this.#standing.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async abandon(): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#appends.stop();
    // Who waits to be acknowledged is told first: the source waits for that.
    await this.#acknowledgement?.stop();
    await (this.#source.leave?.() ?? this.#source.stop());
    await this.#standing.stop();
  }

  /** Of what this turn has done, nobody may learn before it is taken back. */
  #broke(error: unknown): void {
    this.journal.freeze(this.#catch.left?.place);
    this.#standing.broke(error);
    this.#tellBroken(error);
  }

  #opened(detail: string): void {
    this.#recordsAtOpen = this.journal.lastSequence;
    this.#provedLine = false;
    this.#standing.opened(detail);
  }

  #room(length: number): Uint8Array<ArrayBuffer> | null {
    if (this.#appends.isRefused) return null;
    const { setting } = this.#source;
    return this.#catch.arm(this.journal.place, length, { setting, timeMs: this.#clock.wallMs() });
  }

  #take(bytes: Uint8Array, timeMs: number): boolean {
    this.#catch.note(bytes.length);
    if (bytes.length > 0) this.#capture({ bytes, timeMs, setting: this.#source.setting });
    return this.#keepUndecided();
  }

  /** False when bytes were read that the disk and memory refuse. */
  #keepUndecided(): boolean {
    if (this.#appends.isRefused) return false;
    this.#catch.keep(this.#source.undecided, this.journal.place);
    return true;
  }

  #capture(read: SourceRead): void {
    this.#standing.heard(read.bytes.length);
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#record(this.#source.decode(read));
    if (!this.#provedLine && this.journal.lastSequence > this.#recordsAtOpen) {
      this.#provedLine = true;
      this.#firstRecord?.();
    }
    this.#watchIdle();
  }

  #closed(detail: string): void {
    this.#standing.closed(detail);
    this.#flush("hang_up");
  }

  /** Runs of one time are appended together, all or none. */
  #record(runs: readonly Run[]): void {
    let fragments: Fragment[] = [];
    for (const [i, { bytes, timeMs, damaged, begins }] of runs.entries()) {
      if (damaged) this.#standing.tally.damaged();
      if (begins) fragments.push(...this.#framer.flush("broken_off"));
      const cut = bytes.length === 0
        ? this.#appends.damageAfter(fragments)
        : this.#framer.push(bytes);
      fragments.push(...damaged ? cut.map((fragment) => ({ ...fragment, damaged })) : cut);
      if (runs[i + 1]?.timeMs === timeMs) continue;
      this.#append(fragments, timeMs);
      fragments = [];
    }
  }

  #append(fragments: readonly Fragment[], timeMs: number): void {
    this.#standing.tally.cut(fragments, timeMs);
    this.#appends.append(fragments, timeMs, this.#acknowledgement?.of(fragments));
  }

  /** No more comes for now. A kill in the middle leaves the open record open. */
  #flush(end: "idle" | "hang_up" | "stop"): void {
    const timeMs = this.#clock.wallMs();
    this.#catch.arm(this.journal.place, 0, { setting: this.#source.setting, timeMs });
    this.#record(this.#source.settle(end === "idle" ? "for_now" : "at_all"));
    this.#append(this.#framer.flush(end), timeMs);
    this.#keepUndecided();
  }

  /** Ends a record that stays unfinished for too long. */
  #watchIdle(): void {
    const isWaiting = this.journal.position.openBytes !== null || this.#source.undecided > 0;
    if (this.#idleTimer !== undefined || !isWaiting) return;
    const quietMs = this.#clock.monotonicMs() - this.#lastByteMs;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      this.#guard.run(() => this.#lookIdle(), undefined);
    }, Math.max(0, this.#idleFlushMs - quietMs));
  }

  #lookIdle(): void {
    // A disk that hangs holds up reading, too.
    if (this.#source.hasBytes) this.#lastByteMs = this.#clock.monotonicMs();
    if (this.#clock.monotonicMs() - this.#lastByteMs >= this.#idleFlushMs) {
      this.#flush("idle");
      // What is still undecided, or refused, is looked at again.
      this.#lastByteMs = this.#clock.monotonicMs();
    }
    this.#watchIdle();
  }

  #appendResumed(): void {
    this.#keepUndecided();
    this.#standing.resumed();
    this.#source.resume();
  }
}
