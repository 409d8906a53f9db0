// A configured port whose source brings whole records. Each is appended in the turn in which it
// came, and whoever sent it is told when it is safe on the disk: many are waited for together, with
// one sync. What was being written when the service was killed was promised to nobody; it stays, as
// a partial record, and its sender sends it again.

import type { Fragment } from "../framer/framer.ts";
import { defaultMaxRecordBytes } from "../framer/line_framer.ts";
import { AppendError } from "../journal/append_error.ts";
import type { Journal } from "../journal/journal.ts";
import type { TailBudget } from "../journal/tail_budget.ts";
import type { Clock } from "../platform/clock.ts";
import { errorText } from "../platform/notice.ts";
import { type RecordHandler, RecordRefused, type RecordSource } from "../source/record_source.ts";
import { ChannelStanding, type StandingOptions } from "./channel_standing.ts";
import type { ChannelStatus } from "./channel_status.ts";
import { FaultGuard } from "./fault_guard.ts";
import type { PortChannel } from "./opened_channel.ts";
import { SafeKeeping } from "./safe_keeping.ts";

const LF = 0x0a;
const nothing = new Uint8Array(0);

/** How often a disk that refused is asked whether it takes records again. */
const retryMs = 250;

export class RecordChannel implements PortChannel, AsyncDisposable {
  readonly journal: Journal;
  readonly #source: RecordSource;
  readonly #clock: Clock;
  readonly #room: Pick<TailBudget, "hasRoom"> | undefined;
  readonly #standing: ChannelStanding;
  readonly #stopping = new AbortController();
  readonly #safeKeeping: SafeKeeping;
  readonly #guard: FaultGuard;
  #tellBroken: (error: unknown) => void = () => {};
  #isRefused = false;

  /** The journal must take line feeds within records (`feedsInside`). */
  constructor(
    options: StandingOptions & {
      readonly source: RecordSource;
      readonly clock: Clock;
      /**
       * Where the records' senders send again what is refused, none of them makes older records give
       * way in memory. @default {the oldest in memory give way}
       */
      readonly room?: Pick<TailBudget, "hasRoom">;
    },
  ) {
    this.journal = options.journal;
    this.#source = options.source;
    this.#clock = options.clock;
    this.#room = options.room;
    this.#standing = new ChannelStanding(options);
    this.#guard = options.guard ?? new FaultGuard();
    this.#safeKeeping = new SafeKeeping(options);
  }

  get status(): ChannelStatus {
    return this.#standing.status;
  }

  start(broke: (error: unknown) => void = () => {}): void {
    this.#tellBroken = broke;
    this.#guard.watch((error) => this.#broke(error));
    this.#guard.run(() => this.#begin(), undefined);
  }

  #begin(): void {
    const timeMs = this.#clock.wallMs();
    try {
      this.#append([], timeMs);
    } catch (error) {
      if (!(error instanceof AppendError)) throw error;
      this.#refused(error);
    }
    const turn = (act: () => void): void => this.#guard.run(act, undefined);
    const handler: RecordHandler = {
      opened: (detail) => turn(() => this.#standing.opened(detail)),
      take: (bytes, timeMs) => this.#take(bytes, timeMs),
      failed: () => turn(() => this.#standing.tally.damaged()),
      closed: (detail) => turn(() => this.#standing.closed(detail)),
      unavailable: (problem) => turn(() => this.#standing.unavailable(problem)),
      broke: (error) => this.#guard.break(error),
    };
    this.#source.start(handler);
  }

  async stop(): Promise<void> {
    await this.#source.stop();
    this.#stopping.abort();
    this.#standing.stopped();
    try {
      await this.journal.sync();
    } catch (error) {
      this.#standing.say("warning", "sync_failed", `stop: ${errorText(error)}`);
    }
    await this.#safeKeeping.stop();
    await this.#standing.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async abandon(): Promise<void> {
    this.#stopping.abort();
    // Those who wait are answered first: the source waits for them.
    await this.#safeKeeping.stop();
    await this.#source.stop();
    await this.#standing.stop();
  }

  #broke(error: unknown): void {
    this.journal.freeze(undefined);
    this.#standing.broke(error);
    this.#tellBroken(error);
  }

  async #take(bytes: Uint8Array, timeMs: number): Promise<void> {
    if (this.#stopping.signal.aborted) {
      throw new RecordRefused("the service stops", { isKept: false });
    }
    if (this.#guard.isBroken) {
      throw new RecordRefused("the channel is about to be opened anew", { isKept: false });
    }
    if (this.journal.inMemory && this.#room?.hasRoom(bytes.length) === false) {
      throw new RecordRefused("the memory for records is full", { isKept: false });
    }
    const from = this.journal.lastSequence + 1;
    try {
      this.#append(wholeRecord(bytes), timeMs);
    } catch (cause) {
      if (cause instanceof AppendError) this.#refused(cause);
      else this.#guard.break(cause);
      throw new RecordRefused(errorText(cause), { isKept: false, cause });
    }
    this.#resumed();
    this.#standing.heard(bytes.length);
    await this.#safeKeeping.secure(from);
  }

  /** Appends fragments, all or none, behind the end of what a kill left open. */
  #append(fragments: readonly Fragment[], timeMs: number): void {
    const { openBytes, readOpen } = this.journal.position;
    const left: Fragment[] = openBytes === null
      ? []
      : [{ bytes: nothing, end: "broken_off", ownFeed: readOpen().at(-1) === LF }];
    const all = [...left, ...fragments];
    if (all.length === 0) return;
    this.journal.append(all, timeMs);
    this.#standing.tally.cut(all, timeMs);
  }

  #refused(error: AppendError): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#standing.refused(error, "who sends records is told to send them again");
    this.#awaitDisk();
  }

  /** Where memory took what came before, it is told that the disk is back before anything comes. */
  async #awaitDisk(): Promise<void> {
    const { signal } = this.#stopping;
    if (!this.journal.inMemory) return;
    while (this.journal.inMemory && !signal.aborted) await this.#clock.delay(retryMs, signal);
    if (!signal.aborted) this.#resumed();
  }

  #resumed(): void {
    if (!this.#isRefused) return;
    this.#isRefused = false;
    this.#standing.resumed();
  }
}

/** One record, in several that follow each other where it is longer than one may be. */
function wholeRecord(bytes: Uint8Array): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = 0; bytes.length - at > defaultMaxRecordBytes; at += defaultMaxRecordBytes) {
    fragments.push({ bytes: bytes.subarray(at, at + defaultMaxRecordBytes), end: "too_long" });
  }
  const last = bytes.subarray(fragments.length * defaultMaxRecordBytes);
  return [...fragments, { bytes: last, end: "message" }];
}
