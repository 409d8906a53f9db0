// The running account of evidence for each speed and framing that a line may have. What repeats
// itself counts less each time: a hundred times the same character is hardly more evidence than
// one, at a wrong speed it would repeat itself just so. Pure.

import type { Framing } from "./framing.ts";
import { characterCodes } from "./line_odds.ts";

/** As far back it is looked for repetitions. */
const recentCharacters = 64;

/** A speed and framing that the line may have. */
export interface Suspect {
  readonly baudRate: number;
  readonly framing: Framing;
}

/** The best of some suspects. */
export interface Leader {
  readonly index: number;
  readonly suspect: Suspect;
  /** In bits; only differences mean something. */
  readonly score: number;
}

/** How likely one is, 0 to 1; all together make 1. */
export interface RankedSuspect extends Suspect {
  readonly share: number;
}

export class LineScores {
  readonly suspects: readonly Suspect[];
  readonly #scores: Float64Array;
  readonly #recent = new Int16Array(recentCharacters).fill(-1);
  readonly #occurrences = new Uint8Array(characterCodes);
  #next = 0;

  constructor(options: {
    readonly suspects: readonly Suspect[];
    /** What is known beforehand, in bits. */
    readonly prior: (suspect: Suspect) => number;
  }) {
    this.suspects = options.suspects;
    this.#scores = Float64Array.from(options.suspects, options.prior);
  }

  /**
   * `odds` for each suspect; `code` tells characters apart. A damaged one speaks against a suspect
   * with all its weight each time: damage is not part of what a sender repeats. So does any one for
   * and against those at `trustedBaudRate`.
   */
  add(
    code: number,
    odds: Float64Array,
    options: { readonly isDamaged: boolean; readonly trustedBaudRate: number | null },
  ): void {
    const weight = 1 / this.#countOccurrence(code);
    const scores = this.#scores;
    for (let index = 0; index < scores.length; index++) {
      const bits = odds[index] ?? 0;
      const isWhole = options.isDamaged && bits < 0 ||
        this.suspects[index]?.baudRate === options.trustedBaudRate;
      scores[index] = (scores[index] ?? 0) + (isWhole ? bits : weight * bits);
    }
  }

  /** No suspect is further behind `score` than `bits`, so that none is lost for ever. */
  limitLag(score: number, bits: number): void {
    const scores = this.#scores;
    for (let index = 0; index < scores.length; index++) {
      if ((scores[index] ?? 0) < score - bits) scores[index] = score - bits;
    }
  }

  /** Takes `bits` from all for which `counts` holds. */
  lower(bits: number, counts: (suspect: Suspect) => boolean): void {
    this.suspects.forEach((suspect, index) => {
      if (counts(suspect)) this.#scores[index] = this.scoreOf(index) - bits;
    });
  }

  scoreOf(index: number): number {
    return this.#scores[index] ?? -Infinity;
  }

  /** The best one for which `counts` holds. */
  leader(counts: (suspect: Suspect, index: number) => boolean = () => true): Leader | null {
    let index = -1;
    let score = -Infinity;
    for (let at = 0; at < this.suspects.length; at++) {
      const suspect = this.suspects[at];
      const own = this.scoreOf(at);
      if (suspect === undefined || index >= 0 && own <= score || !counts(suspect, at)) continue;
      index = at;
      score = own;
    }
    const suspect = this.suspects[index];
    return suspect === undefined ? null : { index, suspect, score };
  }

  /** By how much it is ahead of all others for which `counts` holds. */
  leadOf({ index, score }: Leader, counts: (rival: Suspect) => boolean): number {
    const second = this.leader((suspect, other) => other !== index && counts(suspect));
    return score - (second?.score ?? -Infinity);
  }

  /** How likely each is beside all others, the likeliest first. */
  ranking(): RankedSuspect[] {
    const best = this.leader()?.score ?? 0;
    const weights = this.suspects.map((_, index) => 2 ** (this.scoreOf(index) - best));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return this.suspects
      .map((suspect, index) => ({ ...suspect, share: (weights[index] ?? 0) / total }))
      .sort((a, b) => b.share - a.share);
  }

  /** How often a character came among the last ones, this time included. */
  #countOccurrence(code: number): number {
    const oldest = this.#recent[this.#next] ?? -1;
    if (oldest >= 0) this.#occurrences[oldest] = (this.#occurrences[oldest] ?? 1) - 1;
    this.#recent[this.#next] = code;
    this.#next = (this.#next + 1) % recentCharacters;
    return this.#occurrences[code] = (this.#occurrences[code] ?? 0) + 1;
  }
}

/** How sure a lead of so many bits is, 0 to 1. */
export function confidenceOf(leadBits: number): number {
  return Math.max(0, 1 - 2 ** -leadBits);
}
