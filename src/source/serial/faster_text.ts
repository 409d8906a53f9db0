// What a receiver that is too slow makes of text: it passes over bits, and reads a few of each of
// several characters that follow on each other. That is not noise: start and stop bits stand where
// they must, and calls are mostly digits. Pure.

import { type Frame, frameLength, type Framing } from "./framing.ts";
import { sharesBy, sharesOfCharacters } from "./sent_text.ts";

/** Clocks a little apart decide what is read where a sample falls between two bits. */
const clockErrors = [-0.01, 0.01];

/** Share of characters with a pause behind them. */
const pauseShare = 0.1;

/** More than this many times too slow, a receiver reads hardly a bit of each character. */
const highestRatio = 4.5;

/** What was worked out once. */
const known = new Map<string, Float64Array>();

/**
 * How likely each reading of the levels behind the start bit is when the sender is `ratio` times
 * faster and the receiver began at one of its start bits. All together make 1. `null` where nothing
 * can be said.
 */
export function fasterTextShares(
  framing: Framing,
  receiver: Frame,
  ratio: number,
): Float64Array | null {
  if (ratio <= 1 || ratio > highestRatio) return null;
  const key = [framing.name, framing.topBitVaries, frameLength(receiver), ratio].join();
  const shares = known.get(key) ?? sharesOf(framing, receiver, ratio);
  known.set(key, shares);
  return shares;
}

function sharesOf(framing: Framing, receiver: Frame, ratio: number): Float64Array {
  const characters = sharesOfCharacters(framing);
  const levels = frameLength(receiver);
  const all = new Float64Array(1 << (levels - 1));
  for (const error of clockErrors) {
    const bits = Array.from(
      { length: levels },
      (_, level) => Math.floor((level + 0.5) * ratio * (1 + error)),
    );
    // A start bit that is high in its middle is none.
    readings(characters, frameLength(framing), bits).forEach((share, read) => {
      if ((read & 1) === 0) all[read >> 1] = (all[read >> 1] ?? 0) + share;
    });
  }
  const total = all.reduce((sum, share) => sum + share, 0);
  return all.map((share) => share / total);
}

/**
 * How likely it is to read each number, bit 0 first. `bits` are the sender's that are read, counted
 * from a start bit; its characters have `length` bits.
 */
function readings(characters: Float64Array, length: number, bits: readonly number[]): Float64Array {
  const all = new Float64Array(1 << bits.length);
  /** What is read of the characters so far. */
  let before: Float64Array = Float64Array.of(1);
  let first = 0;
  for (let from = 0; first < bits.length; from += length) {
    const own = bits.slice(first).map((bit) => bit - from).filter((bit) => bit < length);
    const seen = sharesBy(characters, 1 << own.length, (data) => {
      const frame = 1 << (length - 1) | data << 1;
      return own.reduce((read, bit, level) => read | (frame >> bit & 1) << level, 0);
    });
    const next = new Float64Array(1 << (first + own.length));
    const resting = (1 << bits.length) - (1 << first);
    const pause = from === 0 ? 0 : pauseShare;
    before.forEach((share, read) => {
      if (share === 0) return;
      all[read | resting] = (all[read | resting] ?? 0) + share * pause;
      seen.forEach((likely, levels) => {
        next[read | levels << first] = share * (1 - pause) * likely;
      });
    });
    before = next;
    first += own.length;
  }
  before.forEach((share, read) => all[read] = (all[read] ?? 0) + share);
  return all;
}
