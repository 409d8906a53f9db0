// What is heard of a 911 centre, drawn minute by minute for as long as a test wants: calls in bursts,
// at a rate of the hour, with good and bad days, storms and holidays.

import type { Random } from "../../src/simulate/random.ts";
import { hourMs } from "../../src/channel/weekly_traffic.ts";

const dayMs = 24 * hourMs;

export interface CentreKind {
  readonly name: string;
  /** Incidents an hour that are usual at an hour of the day, on a day of the week (0 is Sunday). */
  readonly incidents: (hour: number, day: number) => number;
  /** Calls about one incident, in the mean; they come within minutes. */
  readonly callsPerIncident: number;
  /** Times at which something is printed for one call, in the mean, half a minute apart. */
  readonly printsPerCall: number;
  /** Seconds between prints that come whether there are calls or not. */
  readonly everySec?: number;
  /** Share of the usual incidents on a holiday. @default {0.6} */
  readonly holiday?: number;
}

const isDay = (hour: number): boolean => hour >= 8 && hour < 20;
const weekend = (day: number): number => day === 0 || day === 6 ? 0.7 : 1;

export const centreKinds: readonly CentreKind[] = [
  {
    name: "a city",
    incidents: (hour, day) => (isDay(hour) ? 25 : 6) * weekend(day),
    callsPerIncident: 1.5,
    printsPerCall: 2,
  },
  {
    name: "a town, nearly dead on Sunday night",
    incidents: (hour, day) => isDay(hour) ? 12 * weekend(day) : day === 0 ? 0.05 : 1,
    callsPerIncident: 1.3,
    printsPerCall: 2,
  },
  {
    name: "a county whose calls come in bursts",
    incidents: (hour, day) => (isDay(hour) ? 4 : 0.8) * weekend(day),
    callsPerIncident: 4,
    printsPerCall: 3,
  },
  {
    name: "a village",
    incidents: (hour) => isDay(hour) ? 0.5 : 0.05,
    callsPerIncident: 1.3,
    printsPerCall: 1.5,
  },
  {
    name: "an office that is closed at night and on weekends",
    incidents: (hour, day) => hour >= 8 && hour < 17 && day % 6 !== 0 ? 20 : 0.1,
    callsPerIncident: 1.2,
    printsPerCall: 1.5,
  },
  {
    name: "equipment that prints every minute",
    incidents: (hour) => isDay(hour) ? 5 : 1,
    callsPerIncident: 1.3,
    printsPerCall: 1.5,
    everySec: 60,
  },
];

const holidays = new Set([1, 50, 148, 185, 246, 285, 315, 332, 359, 360]);

export class SimulatedCentre {
  readonly #kind: CentreKind;
  readonly #random: Random;
  readonly #startMs: number;
  /** Times that are drawn and not taken yet. */
  #drawn: number[] = [];
  #day = -1;
  #factor = 1;
  /** What all rates are multiplied by: a habit that changes. */
  habit = 1;

  constructor(kind: CentreKind, random: Random, startMs: number) {
    this.#kind = kind;
    this.#random = random;
    this.#startMs = startMs;
  }

  /** When something is heard in the minute that begins at `minuteMs`, in order. */
  minute(minuteMs: number): number[] {
    const { everySec } = this.#kind;
    const count = this.#poisson(this.#rate(minuteMs) / 60);
    for (let i = 0; i < count; i++) this.#incident(minuteMs + this.#random.next() * 60_000);
    const endMs = minuteMs + 60_000;
    const found = this.#drawn.filter((ms) => ms < endMs);
    this.#drawn = this.#drawn.filter((ms) => ms >= endMs);
    if (everySec !== undefined) {
      for (let ms = minuteMs; ms < endMs; ms += everySec * 1000) found.push(ms);
    }
    return found.sort((a, b) => a - b);
  }

  #rate(ms: number): number {
    const day = Math.floor((ms - this.#startMs) / dayMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#factor = this.#dayFactor(day % 365);
    }
    const date = new Date(ms);
    // The wall clock of the people, six hours behind UTC and an hour less in summer.
    const summer = date.getUTCMonth() >= 2 && date.getUTCMonth() < 10;
    const local = new Date(ms - (summer ? 5 : 6) * hourMs);
    return this.#kind.incidents(local.getUTCHours(), local.getUTCDay()) * this.#factor *
      this.habit;
  }

  /** Good and bad days differ by a quarter; one in a hundred is a storm. */
  #dayFactor(dayOfYear: number): number {
    if (this.#random.next() < 0.01) return 4;
    const usual = Math.exp(0.25 * this.#normal());
    return holidays.has(dayOfYear) ? usual * (this.#kind.holiday ?? 0.6) : usual;
  }

  #incident(ms: number): void {
    const { callsPerIncident, printsPerCall } = this.#kind;
    const calls = this.#geometric(callsPerIncident);
    for (let call = 0; call < calls; call++) {
      let atMs = call === 0 ? ms : ms + this.#exponential(4 * 60_000);
      const prints = this.#geometric(printsPerCall);
      for (let print = 0; print < prints; print++) {
        this.#drawn.push(atMs);
        atMs += 35_000;
      }
    }
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random.next()) * mean;
  }

  /** At least 1. */
  #geometric(mean: number): number {
    let count = 1;
    while (this.#random.next() > 1 / mean) count += 1;
    return count;
  }

  #poisson(mean: number): number {
    let count = 0;
    for (let sum = this.#exponential(1); sum < mean; sum += this.#exponential(1)) count += 1;
    return count;
  }

  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random.next()));
    return radius * Math.cos(2 * Math.PI * this.#random.next());
  }
}
