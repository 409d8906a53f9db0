// Notices that a channel has been silent for longer than it ever is at this hour of the week, once,
// and that it is over. What is usual is learned by listening, and kept in the state folder.
//
// What arrives within half a minute is one arrival: a call is printed in several parts. A silence is
// measured by the arrivals that were to be expected in it, over all hours that it spans; when they
// are too many for chance (weekly_traffic.ts), it is told. Nothing is expected of an hour of which
// little is known, nor while the port is closed or without a signal. Not learned are: silence
// that was told, time in which nothing could be heard, a storm of calls, and what was heard by a
// clock that turned out to be wrong.

import type { Clock } from "../platform/clock.ts";
import { describeDuration } from "../platform/duration.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { FaultGuard } from "./fault_guard.ts";
import { HeardHours } from "./heard_hours.ts";
import { type Silence, silenceHint } from "./silence.ts";
import type { TrafficMemory } from "./traffic_memory.ts";
import { hourMs, hourOfWeek, WeeklyTraffic } from "./weekly_traffic.ts";

const lookEveryMs = 60_000;
/** Between looks that are further apart the process stood still, and listened to nobody. */
const longestLookMs = 5 * 60_000;
/** A wall clock that differs by more was stepped. Less does not put an arrival in another hour. */
const stepMs = 5 * 60_000;
/** An earlier time is that of a clock without a battery. */
const earliestMs = Date.UTC(2025, 0, 1);
const arrivalMs = 30_000;
/** A silence is not told earlier, however busy the line is. */
const leastQuietMs = 10 * 60_000;

export class LearnedSilence implements Silence {
  readonly #name: string;
  readonly #memory: TrafficMemory;
  readonly #clock: Clock;
  readonly #guard: FaultGuard;
  readonly #report: Report;
  readonly #traffic: WeeklyTraffic;
  readonly #hours = new HeardHours();
  #isSilent = false;
  #isListening = false;
  #heardMs: number;
  #arrivedMs = -Infinity;
  /** How far time is accounted for, by both clocks. */
  #passed: { readonly ms: number; readonly wallMs: number };
  /** Of the silence that goes on: time listened, and arrivals expected in it. */
  #quietMs = 0;
  #missed = 0;
  #hour = -1;
  #unfadedMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  #isSaving = false;
  #isSaveRefused = false;

  constructor(options: {
    /** For the messages. */
    readonly name: string;
    readonly memory: TrafficMemory;
    readonly clock: Clock;
    /** What its timer runs under. */
    readonly guard: FaultGuard;
    readonly report: Report;
  }) {
    this.#guard = options.guard;
    this.#name = options.name;
    this.#memory = options.memory;
    this.#clock = options.clock;
    this.#report = options.report;
    this.#traffic = this.#recall();
    this.#heardMs = this.#clock.monotonicMs();
    this.#passed = { ms: this.#heardMs, wallMs: this.#clock.wallMs() };
    this.#wait();
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  heard(): void {
    const nowMs = this.#clock.monotonicMs();
    const isArrival = nowMs - this.#arrivedMs >= arrivalMs;
    if (isArrival) {
      this.#pass(nowMs);
      this.#arrivedMs = nowMs;
    }
    const wasSilent = this.#isSilent;
    if (wasSilent) this.#end(nowMs);
    else if (isArrival) this.#traffic.learnSilence(this.#missed);
    // What ends a silence that was told is not learned either: it belongs to no hour listened to.
    if (this.#isListening) this.#hours.heard(isArrival && !wasSilent);
    this.#heardMs = nowMs;
    this.#quietMs = 0;
    this.#missed = 0;
  }

  listen(isListening: boolean): void {
    if (isListening === this.#isListening) return;
    this.#pass(this.#clock.monotonicMs());
    this.#isListening = isListening;
  }

  /** Keeps what was learned. A disk that refuses is told. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#pass(this.#clock.monotonicMs());
    this.#save();
    await this.#saving;
  }

  #wait(): void {
    this.#timer = setTimeout(() =>
      this.#guard.run(() => {
        this.#look();
        this.#wait();
      }, undefined), lookEveryMs);
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#pass(nowMs);
    if (this.#isSilent || !this.#isListening || this.#quietMs < leastQuietMs) return;
    if (this.#missed >= this.#traffic.enoughMissed(this.#quietMs)) this.#begin(nowMs);
  }

  /** Accounts for the time up to now. */
  #pass(nowMs: number): void {
    const last = this.#passed;
    this.#passed = { ms: nowMs, wallMs: this.#clock.wallMs() };
    const { wallMs } = this.#passed;
    const listenedMs = nowMs - last.ms;
    if (Math.abs(wallMs - last.wallMs - listenedMs) > stepMs) {
      this.#hours.forgetAll();
      this.#missed = 0;
      return;
    }
    if (!this.#isListening || listenedMs > longestLookMs || wallMs < earliestMs) return;
    const hour = hourOfWeek(wallMs);
    if (hour !== this.#hour) this.#turn(hour, nowMs);
    this.#unfadedMs += listenedMs;
    const quietMs = nowMs - Math.max(last.ms, this.#heardMs);
    this.#quietMs += quietMs;
    this.#missed += this.#traffic.rate(hour) * quietMs / hourMs;
    if (!this.#isSilent) this.#hours.pass({ hour, listenedMs, quietMs, endMs: nowMs });
  }

  /** Another hour has begun. */
  #turn(hour: number, nowMs: number): void {
    const isFirst = this.#hour < 0;
    this.#hour = hour;
    this.#traffic.fade(this.#unfadedMs);
    this.#unfadedMs = 0;
    const heardMs = this.#isSilent ? nowMs : this.#heardMs;
    for (const heard of this.#hours.takeSettled(nowMs, heardMs)) this.#traffic.learn(heard);
    if (!isFirst && !this.#isSaving) this.#save();
  }

  #begin(nowMs: number): void {
    this.#isSilent = true;
    this.#hours.forgetSince(this.#heardMs);
    const perHour = this.#traffic.rate(this.#hour);
    const usual = perHour >= 1
      ? `at this hour of the week something comes every ${describeDuration(hourMs / perHour)}`
      : `usually something comes ${Math.round(this.#missed)} times in so long`;
    const quietMs = nowMs - this.#heardMs;
    this.#report({
      level: "warning",
      kind: "silence",
      message: `${this.#name}: nothing has been heard for ${describeDuration(quietMs)}; ${usual}`,
      hint: `${silenceHint}what is usual was learned in the last weeks`,
      details: {
        quietSeconds: Math.round(quietMs / 1000),
        missedArrivals: Math.round(this.#missed),
        usualArrivalsPerHour: Math.round(perHour * 10) / 10,
      },
    });
  }

  #end(nowMs: number): void {
    this.#isSilent = false;
    const quiet = describeDuration(nowMs - this.#heardMs);
    this.#report({
      level: "info",
      kind: "silence_over",
      message: `${this.#name}: it is heard again, after ${quiet}`,
    });
  }

  #recall(): WeeklyTraffic {
    const found = this.#memory.recall();
    if (typeof found === "object") {
      const traffic = new WeeklyTraffic(found.traffic);
      for (const hour of found.waiting) traffic.learn(hour);
      return traffic;
    }
    const learning = "what is usual is learned, for two weeks before silence is told";
    this.#report(
      found === "none"
        ? { level: "info", kind: "silence_learning", message: `${this.#name}: ${learning}` }
        : {
          level: "warning",
          kind: "silence_forgotten",
          message: `${this.#name}: cannot use ${this.#memory.path}: ${learning}, anew`,
        },
    );
    return new WeeklyTraffic();
  }

  /** One after the other; nobody waits for it but `stop`. */
  #save(): void {
    const state = { traffic: this.#traffic.learned, waiting: this.#hours.waiting };
    this.#isSaving = true;
    this.#saving = this.#saving
      .then(() => this.#memory.remember(state))
      .then(() => {
        this.#isSaveRefused = false;
      }, (error) => this.#saveRefused(error))
      .then(() => {
        this.#isSaving = false;
      });
  }

  #saveRefused(error: unknown): void {
    if (this.#isSaveRefused) return;
    this.#isSaveRefused = true;
    const message = `${this.#name}: remember what is usual: ${errorText(error)}`;
    this.#report({ level: "warning", kind: "state_not_saved", message });
  }
}
