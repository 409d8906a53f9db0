// Where in a sender's characters a receiver of the same speed begins to read. Where one follows on
// the other, a receiver that began inside one, at one of its falling edges, as after noise, can stay
// out of step for long: it reads the end of each together with the beginning of the next. Put
// together again these are text, which hardly anything else is. A filter over all places at which
// it may have begun. Pure.

import { frameLength, type Framing } from "./framing.ts";
import { sharesBy, sharesOfCharacters } from "./sent_text.ts";

/** Share of characters that noise spoils: so little can one take away. */
const spoiltShare = 0.03;

/** Share of those behind which it is not known any more where it is. */
const lostShare = 0.5;

/** Where nothing is known it is in step so often: pauses put it right. */
const inStepShare = 0.3;

/** Share of characters with a pause behind them, where it is known to be out of step. */
const pauseShare = 0.1;

/** How often a stop bit is high. */
const stopHigh = 0.995;

/** Behind a low stop bit a 16550 begins at once, others at the next edge: both are as common. */
const beginsAtLowStop = 0.5;

/** A data or parity bit of a character, counted from 1; 0 is the start bit. */
interface Place {
  /** How likely the next reading begins here or further on in the same character. */
  readonly share: number;
  /** The bits before it, which the last reading ended with. */
  readonly known: number;
}

/** A place inside a character. */
interface InsidePlace extends Place {
  readonly place: number;
  /** The level before it was low. */
  readonly isLow: boolean;
}

interface Reading {
  readonly likelihood: number;
  readonly places: readonly Place[];
  readonly anywhere: number;
}

export class Alignment {
  /** Data and parity bits of a character. */
  readonly #width: number;
  readonly #extraStopBits: number;
  /** By their number: how likely the first bits of a character are such. */
  readonly #beginnings: readonly Float64Array[];
  /** By their number: how likely the last bits of a character are such. */
  readonly #ends: readonly Float64Array[];
  /** How likely each bit is low; 0 for the start bit, which is no place inside a character. */
  readonly #lows: readonly number[];
  /** How many bits can be low, so that reading may begin there. */
  readonly #insides: number;
  #places: readonly Place[] = [];
  /** How likely it may begin anywhere. */
  #anywhere = 1;

  /** The receiver's frames are as long as those of `framing`, but for the sender's second stop bit. */
  constructor(framing: Framing, stopBits: 1 | 2) {
    this.#width = frameLength(framing) - 2;
    this.#extraStopBits = stopBits - 1;
    const width = this.#width;
    const shares = sharesOfCharacters(framing);
    const counts = Array.from({ length: width + 1 }, (_, count) => count);
    this.#beginnings = counts.map((count) =>
      sharesBy(shares, 1 << count, (bits) => bits & ones(count))
    );
    this.#ends = counts.map((count) =>
      sharesBy(shares, 1 << count, (bits) => bits >> (width - count))
    );
    this.#lows = counts.map((count) => {
      const [low = 0] = sharesBy(shares, 2, (bits) => bits << 1 >> count & 1);
      return count === 0 ? 0 : low;
    });
    this.#insides = this.#lows.filter((low) => low > 0).length;
  }

  /** It is in step. */
  settle(): void {
    this.#places = [{ share: 1, known: 0 }];
    this.#anywhere = 0;
  }

  /**
   * How likely it was to read one of `readings`: the levels behind a start bit, bit 0 the first, the
   * topmost the stop bit. `blind` is how likely it is where nothing is known.
   */
  read(readings: readonly number[], blind: number): number {
    const read = readings.map((levels) => this.#read(levels, blind / readings.length));
    const best = read.reduce((a, b) => b.likelihood > a.likelihood ? b : a);
    this.#places = best.places;
    this.#anywhere = best.anywhere;
    return read.reduce((sum, { likelihood }) => sum + likelihood, 0);
  }

  #read(levels: number, blind: number): Reading {
    const width = this.#width;
    const shares = new Float64Array(width + 1);
    const known = new Int32Array(width + 1);
    const wasInStep = this.#places[0]?.share ?? 0;
    const inside = this.#inside();
    const spoilt = spoiltShare * blind;
    shares[0] = this.#beginsAtStart(inside) * this.#whole(levels & ones(width)) *
        stopBit(levels >> width) * (1 - spoiltShare) + wasInStep * spoilt * (1 - lostShare);
    for (let begun = 1; begun <= width; begun++) {
      const rest = width - begun;
      const share = this.#beginsInside(inside, begun, levels & ones(rest)) *
        this.#stopShare(levels >> rest) * (1 - spoiltShare);
      const next = levels >> (rest + 1 + this.#extraStopBits);
      const place = begun - this.#extraStopBits;
      if (place === 0) {
        shares[0] += share;
        continue;
      }
      if (next === ones(place)) shares[0] += share * pauseShare;
      if ((next & 1) === 1) continue;
      known[place] = next >> 1;
      shares[place] = share * (1 - pauseShare) * (this.#beginnings[place - 1]?.[next >> 1] ?? 0);
    }
    const anywhere = spoilt * (1 - wasInStep * (1 - lostShare));
    const likelihood = shares.reduce((sum, share) => sum + share, anywhere);
    const places = Array.from(shares, (share, place) => ({
      share: share / likelihood,
      known: known[place] ?? 0,
    }));
    return { likelihood, places, anywhere: anywhere / likelihood };
  }

  /** How likely the next edge is that of a start bit: the character there has no further one. */
  #beginsAtStart(inside: readonly InsidePlace[]): number {
    let sum = (this.#places[0]?.share ?? 0) + this.#anywhere * inStepShare;
    for (const { share, place, known, isLow } of inside) {
      const rest = this.#width - place + 1;
      if (isLow && place === 1) sum += share * beginsAtLowStop;
      for (let low = 0; low <= (isLow ? rest : 0); low++) {
        const high = ones(rest) & ~ones(low);
        sum += share * (isLow ? 1 - beginsAtLowStop : 1) * this.#whole(known | high << (place - 1));
      }
    }
    return sum;
  }

  /** How likely it begins at bit `begun`, which is low, of a character that ends with `end`. */
  #beginsInside(inside: readonly InsidePlace[], begun: number, end: number): number {
    const low = this.#lows[begun] ?? 0;
    const likely = low > 0 ? (this.#ends[this.#width - begun + 1]?.[end << 1] ?? 0) / low : 0;
    let sum = this.#anywhere * (1 - inStepShare) / this.#insides * likely;
    for (const { share, place, known, isLow } of inside) {
      if (isLow && begun === place - 1) {
        sum += share * beginsAtLowStop * this.#whole(known | end << begun);
      }
      const between = begun - place;
      // The edge in front of it is behind a high level: low ones come before that.
      for (let low = 0; between >= 0 && low <= (isLow ? between - 1 : 0); low++) {
        const high = ones(between) & ~ones(low);
        sum += share * (isLow ? 1 - beginsAtLowStop : 1) *
          this.#whole(known | high << (place - 1) | end << begun);
      }
    }
    return sum;
  }

  /** Each with its share among all characters that would begin as is known; none in step. */
  #inside(): InsidePlace[] {
    return this.#places.flatMap(({ share, known }, place) => {
      if (place === 0 || share === 0) return [];
      const isLow = place === 1 || (known >> (place - 2) & 1) === 0;
      const likely = this.#beginnings[place - 1]?.[known] ?? 0;
      return [{ share: share / likely, known, place, isLow }];
    });
  }

  /** How likely stop bits are the first of these levels. */
  #stopShare(levels: number): number {
    return stopBit(levels) * (this.#extraStopBits === 0 ? 1 : stopBit(levels >> 1));
  }

  /** How likely a character is, by its data and parity bits. */
  #whole(bits: number): number {
    return this.#beginnings[this.#width]?.[bits] ?? 0;
  }
}

/** How likely a stop bit is the first of these levels. */
function stopBit(levels: number): number {
  return (levels & 1) === 1 ? stopHigh : 1 - stopHigh;
}

function ones(count: number): number {
  return (1 << count) - 1;
}
