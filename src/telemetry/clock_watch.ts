// Notices that the wall clock was set: a box without a battery for its clock starts in 1970 and jumps
// when it has found a time server, and people set clocks. Each step is told once, so that whoever
// reads the times of records later knows which of them to doubt. Nothing else comes of it: time-outs
// run on the monotonic clock, and records are ordered by their sequence.

import type { Clock } from "../platform/clock.ts";
import { describeDuration } from "../platform/duration.ts";
import type { Report } from "../platform/notice.ts";

const lookMs = 1000;
/** What a time server corrects little by little is no step. */
const stepMs = 500;
/** Two clocks that were read further apart than this say nothing about each other. */
const apartMs = 50;

export interface ClockWatchOptions {
  readonly clock: Clock;
  readonly report: Report;
}

export class ClockWatch implements AsyncDisposable {
  readonly #options: ClockWatchOptions;
  readonly #stop = new AbortController();
  /** How far the wall clock is ahead of the monotonic one. */
  #aheadMs: number;
  readonly #watching: Promise<void>;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.#aheadMs = this.#read() ?? options.clock.wallMs() - options.clock.monotonicMs();
    this.#watching = this.#watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.delay(lookMs, signal);
      this.#look();
    }
  }

  #look(): void {
    const aheadMs = this.#read();
    if (aheadMs === null) return;
    const step = Math.round(aheadMs - this.#aheadMs);
    this.#aheadMs = aheadMs;
    if (Math.abs(step) < stepMs) return;
    const { clock, report } = this.#options;
    const nowMs = clock.wallMs();
    const direction = step > 0 ? "forward" : "back";
    report({
      level: "warning",
      kind: "clock_step",
      message: `the clock was set ${direction} by ${lengthText(Math.abs(step))}, ` +
        `to ${timeText(nowMs)}; without that it would be ${timeText(nowMs - step)}`,
      hint: "records keep the time that the clock showed, their sequence says in which order " +
        "they came; if it comes again, look after the box's time server: timedatectl",
      details: { stepMs: step, direction },
    });
  }

  /** `null` where something came between the two. */
  #read(): number | null {
    const { clock } = this.#options;
    const beforeMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    const afterMs = clock.monotonicMs();
    return afterMs - beforeMs > apartMs ? null : wallMs - (beforeMs + afterMs) / 2;
  }
}

function lengthText(ms: number): string {
  // To the second: an hour is no 59 minutes because a reading came a moment late.
  return ms < 2000 ? `${ms} ms` : describeDuration(Math.round(ms / 1000) * 1000);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
