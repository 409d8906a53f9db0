// Hours that were listened to and are not learned yet. They wait for the end of the silence that
// they may belong to, which may turn out to be an outage, and for a day, in which the clock may turn
// out to have been wrong.

import { type HeardHour, hourMs } from "./weekly_traffic.ts";

/** How long an hour waits for the clock to be put right. */
const doubtMs = 24 * hourMs;
/** More than a fortnight's hours do not wait: the oldest are forgotten. */
const maxWaiting = 336;

interface WaitingHour {
  readonly hour: number;
  listenedMs: number;
  /** Part of it since something was heard last. */
  quietMs: number;
  arrivals: number;
  /** Up to when it was listened to, by the monotonic clock. */
  endMs: number;
}

export class HeardHours {
  /** The last one is still going on. */
  #hours: WaitingHour[] = [];

  /** All that wait, the one that goes on included. */
  get waiting(): HeardHour[] {
    return this.#hours.map(({ hour, listenedMs, arrivals }) => ({ hour, listenedMs, arrivals }));
  }

  /** Time was listened to, up to `endMs` (monotonic). `quietMs` of it nothing had been heard. */
  pass(part: {
    /** Of the week. */
    readonly hour: number;
    readonly listenedMs: number;
    readonly quietMs: number;
    readonly endMs: number;
  }): void {
    const last = this.#hours.at(-1);
    // The same hour a week later is another one.
    if (last === undefined || last.hour !== part.hour || part.endMs - last.endMs > hourMs) {
      this.#hours.push({ ...part, arrivals: 0 });
      if (this.#hours.length > maxWaiting) this.#hours.shift();
      return;
    }
    // Listening to a whole hour by a clock that goes back now and then is not more than an hour.
    last.listenedMs = Math.min(last.listenedMs + part.listenedMs, hourMs);
    last.quietMs = Math.min(last.quietMs + part.quietMs, last.listenedMs);
    last.endMs = part.endMs;
  }

  /** Something was heard, and counts as an arrival or belongs to the last one. */
  heard(isArrival: boolean): void {
    const last = this.#hours.at(-1);
    if (last === undefined) return;
    last.quietMs = 0;
    if (isArrival) last.arrivals += 1;
  }

  /** The silence since `heardMs` (monotonic) was not a normal one. */
  forgetSince(heardMs: number): void {
    for (const hour of this.#hours) {
      if (hour.endMs <= heardMs) continue;
      hour.listenedMs -= hour.quietMs;
      hour.quietMs = 0;
    }
    this.#hours = this.#hours.filter(({ listenedMs }) => listenedMs > 0);
  }

  /** The clock was wrong: nobody knows which hours these were. */
  forgetAll(): void {
    this.#hours = [];
  }

  /** Takes the hours that wait for nothing any more. Both times are monotonic. */
  takeSettled(nowMs: number, heardMs: number): HeardHour[] {
    const settledMs = Math.min(nowMs - doubtMs, heardMs);
    const count = this.#hours.findIndex(({ endMs }) => endMs > settledMs);
    return this.#hours.splice(0, count < 0 ? this.#hours.length : count);
  }
}
