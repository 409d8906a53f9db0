// Notices that a channel has been silent for longer than it should be, once, and that it is over.

import type { Clock } from "../platform/clock.ts";
import { describeDuration } from "../platform/duration.ts";
import type { Report } from "../platform/notice.ts";
import type { FaultGuard } from "./fault_guard.ts";
import { type Silence, silenceHint } from "./silence.ts";

/** Longest time that a timer can take, in milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

export class SilenceWatch implements Silence {
  readonly #name: string;
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #guard: FaultGuard;
  readonly #report: Report;
  #heardMs: number;
  #isSilent = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: {
    /** For the messages. */
    readonly name: string;
    readonly limitMs: number;
    readonly clock: Clock;
    /** What its timer runs under. */
    readonly guard: FaultGuard;
    readonly report: Report;
  }) {
    this.#guard = options.guard;
    this.#name = options.name;
    this.#limitMs = options.limitMs;
    this.#clock = options.clock;
    this.#report = options.report;
    this.#heardMs = this.#clock.monotonicMs();
    this.#wait();
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  heard(): void {
    const nowMs = this.#clock.monotonicMs();
    const quiet = describeDuration(nowMs - this.#heardMs);
    this.#heardMs = nowMs;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#report({
      level: "info",
      kind: "silence_over",
      message: `${this.#name}: it is heard again, after ${quiet}`,
    });
    this.#wait();
  }

  /** The limit holds whatever the reason of the silence is. */
  listen(_isListening: boolean): void {}

  stop(): Promise<void> {
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  /** One timer for a whole silence, however often something is heard. */
  #wait(): void {
    const restMs = this.#heardMs + this.#limitMs - this.#clock.monotonicMs();
    const look = (): void => this.#guard.run(() => this.#look(), undefined);
    this.#timer = setTimeout(look, Math.min(Math.max(restMs, 1), longestTimerMs));
  }

  #look(): void {
    const quietMs = this.#clock.monotonicMs() - this.#heardMs;
    if (quietMs < this.#limitMs) return this.#wait();
    this.#isSilent = true;
    this.#report({
      level: "warning",
      kind: "silence",
      message: `${this.#name}: nothing has been heard for ${describeDuration(quietMs)}`,
      hint: `${silenceHint}silence_alarm_sec of this port is the limit`,
      details: { quietSeconds: Math.round(quietMs / 1000), limitSeconds: this.#limitMs / 1000 },
    });
  }
}
