// Text whose characters come as often as the detection of a line's settings expects.

import type { Random } from "../../src/simulate/random.ts";
import type { Framing } from "../../src/source/serial/framing.ts";
import { sharesOfCharacters } from "../../src/source/serial/sent_text.ts";

/** Data bits of `count` characters. */
export function drawText(framing: Framing, count: number, random: Random): Uint8Array {
  const shares = sharesOfCharacters(framing);
  return Uint8Array.from({ length: count }, () => {
    let left = random.next();
    const bits = shares.findIndex((share) => (left -= share) < 0);
    return bits & ((1 << framing.dataBits) - 1);
  });
}
