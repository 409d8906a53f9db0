// How well one character fits each speed and framing that a line may have, given what the receiver
// is set to. Odds are against a blind draw, in bits: +3 means eight times likelier. What says
// nothing is 0. No single character says much: noise does not overthrow what many have said. Once
// settings are taken, what was read before counts too (locked_odds.ts).

import { blindShare, soundness } from "./blind_draw.ts";
import { fasterTextShares } from "./faster_text.ts";
import {
  frameLength,
  type Framing,
  parityBit,
  type ReceiverSettings,
  type Samples,
  samplesOf,
} from "./framing.ts";
import { LockedOdds } from "./locked_odds.ts";
import type { Character } from "./mark_decoder.ts";
import { patternBits, type SpeedPattern, speedPattern } from "./speed_pattern.ts";
import { textOdds } from "./text_odds.ts";

/** Share of characters that noise or a wrong beginning may spoil: so little can one take away. */
const spoiltShare = 0.1;

/** The same where the receiver may have begun inside a character. */
const misplacedShare = 0.25;

/** The same where the receiver's frames are of another length than the sender's. */
const otherLengthShare = 0.6;

/** Share of characters of a faster sender that are not read from one of its start bits on. */
const elsewhereShare = 0.5;

/**
 * A receiver that began inside a character can stay so for long where one follows on the other:
 * digits, blanks and signs then look like 1xxxx01y, with a high stop bit. They speak neither for
 * text nor against it.
 */
const shiftedWeight = 0.8;

/** Odds of a parity or stop bit, or of the top bit of text, that is as it should be; else. */
const rightBit = Math.log2(2 * 0.98);
const wrongBit = Math.log2(2 * 0.02);

/**
 * Where a character began: at a true edge of the line, as behind a good stop bit; behind one low
 * stop bit, which a 16550 takes for the next start bit and others do not; or nobody knows.
 */
export type Beginning = "edge" | "low_stop" | "unknown";

const beginnings: readonly Beginning[] = ["edge", "low_stop", "unknown"];

/** Kinds and bytes together. */
export const characterCodes = 513;

/** A small number for each character that there can be. */
export function codeOf({ kind, byte }: Character): number {
  return kind === "break" ? 512 : kind === "damaged" ? 256 + byte : byte;
}

/** Odds at one setting of the receiver, worked out once for each character that comes. */
export class LineOdds {
  readonly receiver: ReceiverSettings;
  readonly #baudRates: readonly number[];
  readonly #framings: readonly Framing[];
  readonly #patterns: readonly {
    readonly atEdge: SpeedPattern;
    readonly atLowStop: SpeedPattern;
  }[];
  #locked: LockedOdds | null = null;
  readonly #known = new Map<number, Float64Array>();

  constructor(options: {
    readonly receiver: ReceiverSettings;
    readonly baudRates: readonly number[];
    readonly framings: readonly Framing[];
  }) {
    this.receiver = options.receiver;
    this.#baudRates = options.baudRates;
    this.#framings = options.framings;
    const { receiver } = options;
    this.#patterns = options.baudRates.map((rate) => {
      const ratio = receiver.baudRate / rate;
      const behind = frameLength(receiver) - 1;
      return { atEdge: speedPattern(ratio), atLowStop: speedPattern(ratio, behind) };
    });
  }

  /** Settings at this speed are taken and the receiver is in step: noise must not overthrow them. */
  lock(): void {
    this.#locked ??= new LockedOdds(this.receiver, this.#framings);
    this.#locked.settle();
  }

  unlock(): void {
    this.#locked = null;
  }

  /** Odds for each speed, and within it for each framing. */
  of(character: Character, begun: Beginning): Float64Array {
    const odds = this.alone(character, begun);
    if (this.#locked === null) return odds;
    const all = odds.slice();
    const own = this.own(all);
    this.#locked.of(character).forEach((bits, at) => own[at] = bits ?? own[at] ?? 0);
    return all;
  }

  /** Those of all odds that are for framings at the receiver's own speed. */
  own(odds: Float64Array): Float64Array {
    const first = this.#baudRates.indexOf(this.receiver.baudRate) * this.#framings.length;
    return odds.subarray(first, first + this.#framings.length);
  }

  /** The same, as far as one character by itself tells. */
  alone(character: Character, begun: Beginning): Float64Array {
    const key = codeOf(character) + beginnings.indexOf(begun) * characterCodes;
    let odds = this.#known.get(key);
    if (odds === undefined) {
      odds = this.#compute(samplesOf(character, this.receiver), begun);
      this.#known.set(key, odds);
    }
    return odds;
  }

  #compute(samples: Samples, begun: Beginning): Float64Array {
    const count = this.#framings.length;
    const odds = new Float64Array(this.#baudRates.length * count);
    const stop = soundness(samples, this.receiver);
    this.#baudRates.forEach((baudRate, index) => {
      const of = odds.subarray(index * count, (index + 1) * count);
      const patterns = this.#patterns[index];
      if (baudRate === this.receiver.baudRate) {
        const share = begun === "edge" ? spoiltShare : misplacedShare;
        this.#framings.forEach((framing, at) =>
          of[at] = this.#framed(framing, samples, stop, share)
        );
      } else if (patterns !== undefined && patterns.atEdge.masks.length > 0) {
        const fits = (pattern: SpeedPattern): number => fitOf(pattern, samples) * 2 ** stop;
        const atEdge = fits(patterns.atEdge);
        const atLowStop = begun === "low_stop" ? fits(patterns.atLowStop) : 1;
        const fit = begun === "edge" ? atEdge : (atEdge + atLowStop) / 2;
        of.fill(Math.log2((1 - spoiltShare) * fit + spoiltShare));
      } else {
        const ratio = baudRate / this.receiver.baudRate;
        this.#framings.forEach((framing, at) => {
          const shares = fasterTextShares(framing, this.receiver, ratio);
          if (shares === null) return;
          const fit = shareOf(shares, samples) / blindShare(samples, this.receiver);
          of[at] = Math.log2((1 - elsewhereShare) * fit + elsewhereShare);
        });
      }
    });
    return odds;
  }

  #framed(framing: Framing, { bits, count }: Samples, stop: number, spoilt: number): number {
    const { dataBits, parity, topBitVaries } = framing;
    let odds = (textOdds[bits & 0x7f] ?? 0) + stop;
    const isOfLength = frameLength(framing) === frameLength(this.receiver);
    // Behind a parity that seems wrong nothing is sure of a sender with frames of another length.
    const isUnsure = !isOfLength && count < frameLength(this.receiver) - 1;
    const known = isUnsure ? this.receiver.dataBits : count;
    const judge = (position: number, expected: number): void => {
      if (position < known) odds += (bits >> position & 1) === expected ? rightBit : wrongBit;
    };
    if (dataBits === 8 && !topBitVaries) judge(7, 0);
    if (parity !== "none") judge(dataBits, parityBit(bits & ((1 << dataBits) - 1), parity));
    judge(frameLength(framing) - 2, 1);
    const share = isOfLength ? spoilt : otherLengthShare;
    const rest = isOfLength && isShiftedText(bits, count) ? Math.max(share, shiftedWeight) : share;
    return Math.log2((1 - share) * 2 ** odds + rest);
  }
}

function isShiftedText(bits: number, count: number): boolean {
  return (bits & 0b110) === 0b010 && bits >> (count - 1) === 1;
}

/** How likely they are, whatever is not known of them. */
function shareOf(shares: Float64Array, { bits, count }: Samples): number {
  let share = 0;
  for (let index = bits; index < shares.length; index += 1 << count) share += shares[index] ?? 0;
  return share;
}

function fitOf(pattern: SpeedPattern, samples: Samples): number {
  const forced = patternBits(pattern, samples);
  return forced === null ? 0 : 2 ** forced;
}
