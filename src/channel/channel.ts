// One configured port, from source to journal: the only place that knows all of its stages. Bytes
// come in, are framed and appended in the same turn; delivery reads from the journal by itself.

import type { Fragment, Framer } from "../framer/framer.ts";
import type { AppendError } from "../journal/append_error.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import type { NoticeKind } from "../platform/kinds/notice_kinds.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { Run, Source, SourceHandler, SourceProblem, SourceRead } from "../source/source.ts";
import { AppendQueue } from "./append_queue.ts";
import type { CatchBuffer, Caught } from "./catch_buffer.ts";
import type { ChannelState, ChannelStatus } from "./channel_status.ts";
import { ChannelTally } from "./channel_tally.ts";
import type { Silence } from "./silence.ts";

export class Channel implements AsyncDisposable {
  readonly journal: Journal;
  readonly #source: Source;
  readonly #framer: Framer;
  readonly #catch: CatchBuffer;
  readonly #clock: Clock;
  readonly #idleFlushMs: number;
  readonly #report: Report;
  readonly #firstRecord: () => void;
  #state: ChannelState = "starting";
  #detail = "";
  #hasSignal = true;
  readonly #tally = new ChannelTally();
  #lastByteMs = 0;
  readonly #silence: Silence | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #appends: AppendQueue;
  #recordsAtOpen = 0;
  #provedLine = false;

  constructor(options: {
    readonly journal: Journal;
    readonly source: Source;
    /** Must stand where the journal stands. */
    readonly framer: Framer;
    readonly catchBuffer: CatchBuffer;
    readonly clock: Clock;
    /** A silence of so long ends a record, unless the framer has a length of its own. */
    readonly idleFlushMs: number;
    /** Tells when nothing is heard for too long. @default {nobody does} */
    readonly silence?: Silence | undefined;
    readonly report: Report;
    /** Called at the first record after each opening: the source's settings work. */
    readonly firstRecord: () => void;
  }) {
    this.journal = options.journal;
    this.#source = options.source;
    this.#framer = options.framer;
    this.#catch = options.catchBuffer;
    this.#clock = options.clock;
    this.#idleFlushMs = options.framer.gapMs ?? options.idleFlushMs;
    this.#report = options.report;
    this.#firstRecord = options.firstRecord;
    this.#silence = options.silence;
    this.#appends = new AppendQueue({
      ...options,
      refused: (error) => this.#appendRefused(error),
      resumed: () => this.#appendResumed(),
    });
  }

  get status(): ChannelStatus {
    return {
      name: this.journal.name,
      source: this.#source.name,
      ...this.#stateToTell,
      isSilent: this.#silence?.isSilent ?? false,
      ...this.#tally.counts,
      baudRate: this.#source.baudRate,
      lastSequence: this.journal.lastSequence,
      syncedSequence: this.journal.syncedSequence,
    };
  }

  get #isOpen(): boolean {
    return this.#state === "running" || this.#state === "detecting";
  }

  /** Without a signal it matters little that the port is open. */
  get #stateToTell(): Pick<ChannelStatus, "state" | "detail"> {
    return this.#isOpen && !this.#hasSignal
      ? { state: "no_signal", detail: "the cable is pulled, or the equipment is off" }
      : { state: this.#state, detail: this.#detail };
  }

  /** Whether bytes were read that are not in the journal yet. */
  get holding(): boolean {
    return this.#appends.isRefused || this.#source.undecided > 0;
  }

  /** `caught` was read in the last run; the journal has been cut back to where it belongs. */
  start(caught: Caught | null): void {
    this.#appends.takeUpDamage();
    for (const read of caught?.reads ?? []) this.#capture(read);
    this.#keepUndecided();
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#watchIdle();
    const handler: SourceHandler = {
      opened: (detail) => this.#opened(detail),
      detecting: (detail) => this.#detecting(detail),
      room: (length) => this.#room(length),
      bytes: (chunk, timeMs) => this.#take(chunk, timeMs),
      signal: (isThere) => this.#signal(isThere),
      closed: () => this.#closed(),
      unavailable: (problem) => this.#unavailable(problem),
    };
    this.#source.start(handler);
  }

  /**
   * Stops reading, ends an open record as partial, and syncs the journal. A disk that refuses is
   * told, and does not keep the others from stopping.
   */
  async stop(): Promise<void> {
    await this.#source.stop();
    clearTimeout(this.#idleTimer);
    this.#flush("stop");
    this.#appends.stop();
    this.#enter("stopped");
    try {
      await this.journal.sync();
    } catch (error) {
      this.#say("warning", "sync_failed", `stop: ${errorText(error)}`);
    }
    await this.#silence?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #enter(state: ChannelState, detail = ""): void {
    this.#state = state;
    this.#detail = detail;
    this.#silence?.listen(this.#isOpen && this.#hasSignal);
  }

  #signal(isThere: boolean): void {
    this.#hasSignal = isThere;
    this.#silence?.listen(this.#isOpen && isThere);
  }

  #opened(detail: string): void {
    this.#tally.opened();
    this.#enter("running", detail);
    this.#recordsAtOpen = this.journal.lastSequence;
    this.#provedLine = false;
    this.#say("info", "source_opened", `${this.#source.name} open, ${detail}`);
  }

  #detecting(detail: string): void {
    this.#tally.opened();
    this.#enter("detecting", detail);
    this.#say("info", "source_detecting", `${this.#source.name} open, ${detail}`);
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
    this.#tally.read(read.bytes.length);
    this.#silence?.heard();
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#record(this.#source.decode(read));
    if (!this.#provedLine && this.journal.lastSequence > this.#recordsAtOpen) {
      this.#provedLine = true;
      this.#firstRecord();
    }
    this.#watchIdle();
  }

  #closed(): void {
    this.#tally.closed();
    this.#enter("reconnecting", "device gone");
    this.#flush("hang_up");
    this.#say("warning", "source_gone", `${this.#source.name} is gone; waiting for it`);
  }

  #unavailable({ kind, message, hint }: SourceProblem): void {
    this.#enter("reconnecting", message);
    const text = `${this.journal.name}: ${message}`;
    this.#report({ level: "warning", kind: `source_${kind}`, message: text, hint });
  }

  /** Runs of one time are appended together, all or none. */
  #record(runs: readonly Run[]): void {
    let fragments: Fragment[] = [];
    for (const [i, { bytes, timeMs, damaged, begins }] of runs.entries()) {
      if (damaged) this.#tally.damaged();
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
    this.#tally.cut(fragments, timeMs);
    this.#appends.append(fragments, timeMs);
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
      // A disk that hangs holds up reading, too.
      if (this.#source.hasBytes) this.#lastByteMs = this.#clock.monotonicMs();
      if (this.#clock.monotonicMs() - this.#lastByteMs >= this.#idleFlushMs) {
        this.#flush("idle");
        // What is still undecided, or refused, is looked at again.
        this.#lastByteMs = this.#clock.monotonicMs();
      }
      this.#watchIdle();
    }, Math.max(0, this.#idleFlushMs - quietMs));
  }

  #appendRefused(error: AppendError): void {
    this.#enter("failed", error.message);
    this.#report({
      level: "error",
      kind: "append_refused",
      message: `${error.message}; reading waits`,
      hint: "make room or mend the disk: df -h, dmesg; capture goes on by itself",
    });
  }

  #appendResumed(): void {
    this.#keepUndecided();
    this.#enter("running");
    this.#say("info", "append_resumed", "the disk takes records again");
    this.#source.resume();
  }

  #say(level: "info" | "warning", kind: NoticeKind, message: string): void {
    this.#report({ level, kind, message: `${this.journal.name}: ${message}` });
  }
}
