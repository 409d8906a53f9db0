// What is usual on a channel: how often something arrives in each of the 168 hours of a week (UTC),
// as a mean in which a week counts less with each that follows, and how large the bursts are in which
// it arrives. Values only: no clock, no file.

/** Hours of a week. The first begins Thursday at 0:00 UTC, as time does in 1970. */
export const hoursOfWeek = 168;
export const hourMs = 3_600_000;

/** What an hour counts for after a week: a habit is followed in about five weeks. */
const fadeOfWeek = 0.8;
/** Bursts change slowly, and it takes many to know them. */
const fadeOfBursts = 0.9;
/**
 * Hours that must have been listened to, faded: one visit leaves 1 at most, two that are almost
 * whole leave 1.2 until the third begins. So an hour is known after two weeks, and forgotten after
 * six in which it was never learned again.
 */
const knownHours = 1.2;
/** More arrivals in an hour than so many times the usual number, and so many more, are a storm. */
const stormFactor = 3;
const stormArrivals = 6;

const dayMs = 24 * hourMs;
/**
 * Bursts that must be missing in a silence. Arrivals come in bursts: one call is printed in parts,
 * one accident makes ten calls. Of bursts that come independently 20 are missed by chance once in
 * 500 million silences; on a day when half of them come, once in 22,000. After a day, 12: where they
 * are so few, there are few silences a year.
 *
 * How many arrivals a burst has is seen in the silences that ended by themselves: in a silence
 * between bursts as many are expected as a burst has, in the mean, spread exponentially. Of such
 * values the sum of the cubes is three times the mean times the sum of the squares; so the long
 * ones, those of nights and of bad days, count most.
 *
 * Figures from simulated years are in tests/channel/silence_simulation_test.ts.
 */
const missedBursts = 20;
const missedBurstsInDay = 12;
/** The size of a burst before anything is known of it, and after how many silences it is. */
const burstAtFirst = 4;
const silencesAtFirst = 30;
/** An outage that is just not noticed must not make the next one be told much later. */
const largestBurst = 20;

/** An hour as it was listened to. */
export interface HeardHour {
  /** Of the week, from 0. */
  readonly hour: number;
  /** Part of it that was listened to, in milliseconds. */
  readonly listenedMs: number;
  readonly arrivals: number;
}

/** All that was learned. Both lists have an entry for each hour of the week. */
export interface LearnedTraffic {
  readonly listenedHours: readonly number[];
  readonly arrivals: readonly number[];
  /** Of the arrivals that were expected in each silence that ended by itself, the sums of powers. */
  readonly missedSquares: number;
  readonly missedCubes: number;
}

/** The hour of the week of a wall clock's time. */
export function hourOfWeek(wallMs: number): number {
  return Math.floor(wallMs / hourMs) % hoursOfWeek;
}

interface Cell {
  readonly hours: number;
  readonly arrivals: number;
}

export class WeeklyTraffic {
  readonly #listenedHours: number[];
  readonly #arrivals: number[];
  #missedSquares: number;
  #missedCubes: number;

  constructor(learned?: LearnedTraffic) {
    const nothing = Array.from({ length: hoursOfWeek }, () => 0);
    this.#listenedHours = [...learned?.listenedHours ?? nothing];
    this.#arrivals = [...learned?.arrivals ?? nothing];
    this.#missedSquares = learned?.missedSquares ?? 2 * silencesAtFirst * burstAtFirst ** 2;
    this.#missedCubes = learned?.missedCubes ?? 6 * silencesAtFirst * burstAtFirst ** 3;
  }

  get learned(): LearnedTraffic {
    return {
      listenedHours: [...this.#listenedHours],
      arrivals: [...this.#arrivals],
      missedSquares: this.#missedSquares,
      missedCubes: this.#missedCubes,
    };
  }

  /**
   * Arrivals an hour that are usual in this hour of the week; 0 as well when too little is known of
   * it or of those beside it. It is the hour's own mean, or what those beside it may have at most
   * where that is less: summer time makes a busy hour of a quiet one, and a quiet one of a busy one,
   * and one busy night is no habit.
   */
  rate(hour: number): number {
    const before = this.#cell(hour + hoursOfWeek - 1);
    const own = this.#cell(hour);
    const after = this.#cell(hour + 1);
    if (Math.min(before.hours, own.hours, after.hours) < knownHours) return 0;
    return Math.min(atMost(before), own.arrivals / own.hours, atMost(after));
  }

  /** An hour was listened to, and whatever silence was in it was a normal one. */
  learn({ hour, listenedMs, arrivals }: HeardHour): void {
    const hours = listenedMs / hourMs;
    const own = this.#cell(hour);
    const most = own.hours >= knownHours
      ? stormFactor * own.arrivals / own.hours * hours + stormArrivals
      : Infinity;
    this.#listenedHours[hour] = own.hours + hours;
    this.#arrivals[hour] = own.arrivals + Math.min(arrivals, most);
  }

  /** A silence in which so many arrivals were expected ended by itself. */
  learnSilence(missed: number): void {
    this.#missedSquares += missed ** 2;
    this.#missedCubes += missed ** 3;
  }

  /** Lets what was learned count less: so much was listened since the last time. */
  fade(listenedMs: number): void {
    const weeks = listenedMs / hourMs / hoursOfWeek;
    const factor = fadeOfWeek ** weeks;
    for (let hour = 0; hour < hoursOfWeek; hour++) {
      const { hours, arrivals } = this.#cell(hour);
      // What is known no more is begun anew, not on top of a habit that has ended.
      const rest = hours >= knownHours && hours * factor < knownHours ? 0 : factor;
      this.#listenedHours[hour] = hours * rest;
      this.#arrivals[hour] = arrivals * rest;
    }
    this.#missedSquares *= fadeOfBursts ** weeks;
    this.#missedCubes *= fadeOfBursts ** weeks;
  }

  /** How many arrivals must have been expected in a silence of this length for it to be no chance. */
  enoughMissed(quietMs: number): number {
    return (quietMs < dayMs ? missedBursts : missedBurstsInDay) * this.#burst;
  }

  get #burst(): number {
    const found = this.#missedCubes / this.#missedSquares / 3;
    return Math.min(Math.max(found, 1), largestBurst);
  }

  #cell(hour: number): Cell {
    const hours = this.#listenedHours[hour % hoursOfWeek] ?? 0;
    return { hours, arrivals: this.#arrivals[hour % hoursOfWeek] ?? 0 };
  }
}

/** Arrivals an hour, as many as the mean may be when chance was against them: two deviations more. */
function atMost({ hours, arrivals }: Cell): number {
  return (arrivals + 2 * Math.sqrt(arrivals + 1)) / hours;
}
