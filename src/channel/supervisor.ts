// Keeps one port's channel going. An error that nobody expected, wherever in its code, breaks that
// channel and no other: it is let go as a kill would, and after a pause opened again, which takes up
// what was read. It is never given up. Five in a row are a condition, which stays told until the
// channel has run for a while.

import type { Journal } from "../journal/journal.ts";
import { type Backoff, backoffMs } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import { describeDuration } from "../platform/duration.ts";
import { errorPlace, errorText, type Report } from "../platform/notice.ts";
import type { ChannelStatus } from "./channel_status.ts";
import { addCounts, noCounts } from "./channel_tally.ts";
import type { OpenedChannel } from "./opened_channel.ts";

/** So many in a row are a condition. */
const manyFaults = 5;
/** So often in a row what was read before may break a channel as it starts; then it is recorded as it is. */
const triesToDecode = 3;
/** How long a broken channel may take to let go. */
const abandonMs = 5000;

export interface SupervisorOptions {
  /** `{fips}-{side}` */
  readonly name: string;
  /** What is read, for people, as long as nothing was opened. */
  readonly source: string;
  /** Opens the channel. `asRead`: what was caught is recorded as it was read, without making sense of it. */
  readonly open: (how: { readonly asRead: boolean }) => Promise<OpenedChannel>;
  /** The journal is about to be closed: whoever reads from it has to let go. */
  readonly leaving: () => Promise<void>;
  /** There is a journal again. */
  readonly joined: (journal: Journal) => void;
  /** Pauses between a fault and the next start; whoever ran as long as the longest has recovered. */
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly report: Report;
}

/** What came of opening a channel for the first time. */
export type Opening =
  | { readonly kind: "open" }
  | { readonly kind: "refused"; readonly error: unknown };

interface Fault {
  readonly error: unknown;
}

export class Supervisor {
  readonly name: string;
  readonly #options: SupervisorOptions;
  readonly #stop = new AbortController();
  #opened: OpenedChannel | null = null;
  #isStarted = false;
  /** What went wrong, while the channel is not running. */
  #fault: Fault | null = null;
  #inARow = 0;
  #atStart = 0;
  #restarts = 0;
  #isCondition = false;
  #last: ChannelStatus;
  #counted = noCounts;
  #done: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.name = options.name;
    this.#options = options;
    this.#last = {
      name: options.name,
      source: options.source,
      state: "starting",
      detail: "",
      isSilent: false,
      ...noCounts,
      baudRate: null,
      lastSequence: 0,
      syncedSequence: 0,
      restarts: 0,
    };
  }

  /** `null` while there is none. */
  get journal(): Journal | null {
    return this.#opened?.channel.journal ?? null;
  }

  /** Counts are those of all starts together. */
  get status(): ChannelStatus {
    const status = this.#opened?.channel.status ?? this.#last;
    const counts = addCounts(this.#counted, this.#opened === null ? noCounts : status);
    const fault = this.#fault === null
      ? {}
      : { state: "failed" as const, detail: `${errorText(this.#fault.error)}; it is opened again` };
    return { ...status, ...counts, ...fault, restarts: this.#restarts };
  }

  /** What is wrong until it has run for a while; `null` when nothing is. */
  get condition(): string | null {
    if (!this.#isCondition) return null;
    return `${this.name}: ${this.#inARow} errors in a row; it is opened again and again`;
  }

  /** Opens the channel for the first time. `start` does what is to be done when it was refused. */
  async open(): Promise<Opening> {
    try {
      this.#opened = await this.#options.open({ asRead: false });
    } catch (error) {
      this.#noteFault({ error });
      return { kind: "refused", error };
    }
    return { kind: "open" };
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Stops reading, ends what is open, and syncs the journal, which stays readable until `close`. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    if (this.#isOrderly) await this.#opened?.channel.stop();
  }

  async close(): Promise<void> {
    if (this.#isOrderly) await this.#opened?.close();
    else await this.#abandon();
    this.#opened = null;
  }

  /** Else what the last run had read, or this one, is still to be taken up. */
  get #isOrderly(): boolean {
    return this.#isStarted && this.#fault === null;
  }

  async #run(): Promise<void> {
    const { clock, backoff } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#fault === null) await this.#live();
      else {
        await clock.delay(backoffMs(backoff, this.#inARow), signal);
        if (!signal.aborted) await this.#openAnew();
      }
    }
  }

  /** From a start to the next fault, or to the stop. */
  async #live(): Promise<void> {
    const { clock, backoff } = this.#options;
    // Not AbortSignal.any(): where nothing else holds it, Deno 2.4 forgets it.
    const over = new AbortController();
    const end = (): void => over.abort();
    this.#stop.signal.addEventListener("abort", end);
    let isStarting = true;
    this.#isStarted = true;
    this.#opened?.start((error) => {
      this.#atStart = isStarting ? this.#atStart + 1 : 0;
      this.#noteFault({ error });
      end();
    });
    isStarting = false;
    await clock.delay(backoff.maxMs, over.signal);
    if (!over.signal.aborted) {
      this.#recovered();
      await aborted(over.signal);
    }
    this.#stop.signal.removeEventListener("abort", end);
  }

  async #openAnew(): Promise<void> {
    const { open, leaving, joined } = this.#options;
    try {
      await leaving();
      await this.#abandon();
      this.#opened = await open({ asRead: this.#atStart >= triesToDecode });
      this.#fault = null;
      this.#isStarted = false;
    } catch (error) {
      return this.#noteFault({ error });
    }
    if (this.#opened !== null) joined(this.#opened.channel.journal);
  }

  /** What is left of a broken channel keeps nobody from opening the next one. */
  async #abandon(): Promise<void> {
    const { clock, report } = this.#options;
    const opened = this.#opened;
    if (opened === null) return;
    const { status } = opened.channel;
    this.#last = status;
    this.#counted = addCounts(this.#counted, status);
    this.#opened = null;
    const over = new AbortController();
    const late = clock.delay(abandonMs, over.signal).then(() => {
      if (!over.signal.aborted) throw new Error(`no end within ${abandonMs / 1000} s`);
    });
    try {
      await Promise.race([opened.abandon(), late]);
    } catch (error) {
      const message = `${this.name}: let go of the broken channel: ${errorText(error)}`;
      report({ level: "warning", kind: "channel_not_let_go", channel: this.name, message });
    }
    over.abort();
  }

  #noteFault(fault: Fault): void {
    const { backoff, report } = this.#options;
    this.#fault = fault;
    this.#inARow += 1;
    this.#restarts += 1;
    const pauseMs = backoffMs(backoff, this.#inARow);
    const about = { channel: this.name, device: this.status.source };
    const details = {
      error: errorText(fault.error),
      where: errorPlace(fault.error),
      inARow: this.#inARow,
      restarts: this.#restarts,
      pauseMs,
    };
    report({
      ...about,
      level: "error",
      kind: "channel_restart",
      message: `${this.name}: ${details.error} (${details.where}); ` +
        `this channel is opened again in ${pauseMs / 1000} s, the others go on`,
      hint: "send the log to support: it is a mistake in this program",
      details,
    });
    if (this.#isCondition || this.#inARow < manyFaults) return;
    this.#isCondition = true;
    report({
      ...about,
      level: "error",
      kind: "channel_failing",
      message: `${this.name}: ${this.#inARow} errors in a row; it is opened again and again`,
      hint: "send the log to support; what the equipment sends meanwhile may be lost",
      details: { inARow: this.#inARow },
    });
  }

  #recovered(): void {
    const wasCondition = this.#isCondition;
    this.#isCondition = false;
    this.#inARow = 0;
    if (!wasCondition) return;
    const { backoff, report } = this.#options;
    report({
      level: "info",
      kind: "channel_recovered",
      channel: this.name,
      device: this.status.source,
      message: `${this.name}: it has run for ${describeDuration(backoff.maxMs)} without an error`,
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
