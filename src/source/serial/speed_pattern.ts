// What a receiver that is too fast sees of a slower line: each bit of the sender fills several of
// its own, so that some of them must be equal. That tells by how much it is too fast, whatever the
// framing is. One that is too slow sees no such pattern. Pure.

import type { Samples } from "./framing.ts";

/** Clocks may be this far apart: UARTs read each other up to about 5 % in all. */
const clockTolerance = 0.025;

/** Nearer to 1 than this, the receiver's bits and the sender's pair up in no pattern. */
const lowestRatio = 1.8;

/** Start bit, eight data bits, parity, stop bit. */
const mostSamples = 11;

export interface SpeedPattern {
  /** Runs of samples that lie in one bit of the sender, as masks; bit 0 is the start bit. */
  readonly masks: readonly number[];
}

/**
 * The pattern of a receiver `ratio` times too fast whose start bit lies `behind` of its own bits
 * behind a true edge of the line; without masks where there is none.
 */
export function speedPattern(ratio: number, behind = 0): SpeedPattern {
  if (ratio < lowestRatio) return { masks: [] };
  const masks = new Map<number, number>();
  for (let sample = 0; sample < mostSamples; sample++) {
    const at = (behind + sample + 0.5) / ratio;
    const bit = Math.floor(at * (1 - clockTolerance));
    if (bit !== Math.floor(at * (1 + clockTolerance))) continue;
    masks.set(bit, (masks.get(bit) ?? 0) | 1 << sample);
  }
  return { masks: [...masks.values()] };
}

/** How many samples had to be as they are; `null` when they are not of this pattern. */
export function patternBits({ masks }: SpeedPattern, { bits, count }: Samples): number | null {
  const known = (1 << (count + 1)) - 1;
  const samples = bits << 1 & known;
  let forced = 0;
  for (const each of masks) {
    const mask = each & known;
    if (mask === 0) continue;
    const set = samples & mask;
    if (set !== 0 && set !== mask) return null;
    forced += ones(mask) - 1;
  }
  return forced;
}

function ones(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
