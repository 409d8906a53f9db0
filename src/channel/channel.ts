// One configured port, from source to journal: the only place that knows all of its stages. Bytes
// come in, are framed and appended in the same turn; delivery reads from the journal by itself.

import type { Fragment, Framer } from "../framer/framer.ts";
import { AppendError, type Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { Source, SourceHandler, SourceProblem } from "../source/source.ts";
import type { CatchBuffer, Caught } from "./catch_buffer.ts";

/** `detecting` and `no_signal` belong to serial lines. */
export type ChannelState =
  | "starting"
  | "detecting"
  | "running"
  | "no_signal"
  | "reconnecting"
  | "stopped"
  | "failed";

/** A channel as others may see it. */
export interface ChannelStatus {
  /** `{fips}-{side}` */
  readonly name: string;
  readonly source: string;
  readonly state: ChannelState;
  /** Line settings while running, else what is wrong. */
  readonly detail: string;
  /** Read since the start. */
  readonly bytes: number;
  /** Sequence of the newest record. */
  readonly lastSequence: number;
  /** Last record that a power cut cannot take back. */
  readonly syncedSequence: number;
}

/** How long to wait before a refused append is tried again. */
const retryMs = 250;

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
  #bytes = 0;
  #lastByteMs = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  /** Fragments that the disk refused, in order; nothing is read while there are any. */
  #refused: { readonly fragments: readonly Fragment[]; readonly timeMs: number }[] = [];
  #recordsAtOpen = 0;
  #provedLine = false;

  constructor(options: {
    readonly journal: Journal;
    readonly source: Source;
    /** Must stand where the journal stands. */
    readonly framer: Framer;
    readonly catchBuffer: CatchBuffer;
    readonly clock: Clock;
    /** A record without a new byte for so long is ended as partial. */
    readonly idleFlushMs: number;
    readonly report: Report;
    /** Called at the first record after each opening: the source's settings work. */
    readonly firstRecord: () => void;
  }) {
    this.journal = options.journal;
    this.#source = options.source;
    this.#framer = options.framer;
    this.#catch = options.catchBuffer;
    this.#clock = options.clock;
    this.#idleFlushMs = options.idleFlushMs;
    this.#report = options.report;
    this.#firstRecord = options.firstRecord;
  }

  get status(): ChannelStatus {
    return {
      name: this.journal.name,
      source: this.#source.name,
      state: this.#state,
      detail: this.#detail,
      bytes: this.#bytes,
      lastSequence: this.journal.lastSequence,
      syncedSequence: this.journal.syncedSequence,
    };
  }

  /** Whether bytes were read that the disk has not taken yet. */
  get refusing(): boolean {
    return this.#refused.length > 0;
  }

  /** `caught` was read in the last run; the journal has been cut back to where it belongs. */
  start(caught: Caught | null): void {
    if (caught !== null && caught.bytes.length > 0) this.#take(caught.bytes, caught.timeMs);
    this.#catch.disarm();
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#watchIdle();
    const handler: SourceHandler = {
      opened: (detail) => this.#opened(detail),
      room: (length) => this.#room(length),
      bytes: (chunk, timeMs) => this.#take(chunk, timeMs),
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
    this.#append(this.#framer.flush("stop"));
    clearTimeout(this.#retryTimer);
    this.#state = "stopped";
    this.#detail = "";
    try {
      await this.journal.sync();
    } catch (error) {
      this.#say("warning", "sync_failed", `stop: ${errorText(error)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #opened(detail: string): void {
    this.#state = "running";
    this.#detail = detail;
    this.#recordsAtOpen = this.journal.lastSequence;
    this.#provedLine = false;
    this.#say("info", "source_opened", `${this.#source.name} open, ${detail}`);
  }

  #room(length: number): Uint8Array<ArrayBuffer> | null {
    if (this.#retryTimer !== undefined || !this.#appendRefused()) return null;
    return this.#catch.arm(this.journal.place, length, this.#clock.wallMs());
  }

  #take(chunk: Uint8Array, timeMs: number): boolean {
    this.#catch.note(chunk.length);
    if (chunk.length > 0) this.#capture(chunk, timeMs);
    if (this.#refused.length > 0) return false;
    this.#catch.disarm();
    return true;
  }

  #capture(chunk: Uint8Array, timeMs: number): void {
    this.#bytes += chunk.length;
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#append(this.#framer.push(chunk), timeMs);
    if (!this.#provedLine && this.journal.lastSequence > this.#recordsAtOpen) {
      this.#provedLine = true;
      this.#firstRecord();
    }
    this.#watchIdle();
  }

  #closed(): void {
    this.#state = "reconnecting";
    this.#detail = "device gone";
    this.#append(this.#framer.flush("hang_up"));
    this.#say("warning", "source_gone", `${this.#source.name} is gone; waiting for it`);
  }

  #unavailable({ kind, message, hint }: SourceProblem): void {
    this.#state = "reconnecting";
    this.#detail = message;
    const text = `${this.journal.name}: ${message}`;
    this.#report({ level: "warning", kind: `source_${kind}`, message: text, hint });
  }

  /** Appends behind what was refused before. */
  #append(fragments: readonly Fragment[], timeMs = this.#clock.wallMs()): void {
    if (fragments.length === 0) return;
    this.#refused.push({ fragments, timeMs });
    this.#appendRefused();
  }

  /** Appends what waits; false when the disk and memory refuse it. */
  #appendRefused(): boolean {
    try {
      for (let first = this.#refused[0]; first !== undefined; first = this.#refused[0]) {
        this.journal.append(first.fragments, first.timeMs);
        this.#refused.shift();
      }
      return true;
    } catch (error) {
      if (!(error instanceof AppendError)) throw error;
      this.#retryLater(error);
      return false;
    }
  }

  #retryLater(error: AppendError): void {
    if (this.#retryTimer === undefined) {
      this.#state = "failed";
      this.#detail = error.message;
      this.#report({
        level: "error",
        kind: "append_refused",
        message: `${error.message}; reading waits`,
        hint: "make room or mend the disk: df -h, dmesg; capture goes on by itself",
      });
    }
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      if (!this.#appendRefused()) return;
      this.#catch.disarm();
      this.#retryTimer = undefined;
      this.#state = "running";
      this.#detail = "";
      this.#say("info", "append_resumed", "the disk takes records again");
      this.#source.resume();
    }, retryMs);
  }

  /** Ends a record that stays unfinished for too long. */
  #watchIdle(): void {
    if (this.#idleTimer !== undefined || this.journal.position.openBytes === null) return;
    const quietMs = this.#clock.monotonicMs() - this.#lastByteMs;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      // A disk that hangs holds up reading, too.
      if (this.#source.hasBytes) this.#lastByteMs = this.#clock.monotonicMs();
      if (this.#clock.monotonicMs() - this.#lastByteMs >= this.#idleFlushMs) {
        this.#append(this.#framer.flush("idle"));
      }
      this.#watchIdle();
    }, Math.max(0, this.#idleFlushMs - quietMs));
  }

  #say(level: "info" | "warning", kind: string, message: string): void {
    this.#report({ level, kind, message: `${this.journal.name}: ${message}` });
  }
}
