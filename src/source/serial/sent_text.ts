// How likely a sender's characters are, as bits on a line. Pure.

import { frameLength, type Framing, parityBit } from "./framing.ts";
import { textOdds } from "./text_odds.ts";

/** How likely each character is, by its data and parity bits, bit 0 the first sent. Sums to 1. */
export function sharesOfCharacters(framing: Framing): Float64Array {
  const { dataBits, parity, topBitVaries } = framing;
  const shares = new Float64Array(1 << (frameLength(framing) - 2));
  const tops = topBitVaries ? [0, 0x80] : [0];
  for (const top of tops) {
    textOdds.forEach((odds, code) => {
      const data = top | code;
      const check = parity === "none" ? 0 : parityBit(data, parity) << dataBits;
      shares[data | check] = 2 ** odds / textOdds.length / tops.length;
    });
  }
  return shares;
}

/** The same, summed over all whose `key` is the same number below `keys`. */
export function sharesBy(
  shares: Float64Array,
  keys: number,
  key: (bits: number) => number,
): Float64Array {
  const all = new Float64Array(keys);
  shares.forEach((share, bits) => all[key(bits)] = (all[key(bits)] ?? 0) + share);
  return all;
}
