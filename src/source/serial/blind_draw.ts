// How likely a receiver reads what it does when nothing is known of the sender: at a wrong speed, or
// from noise. What all other odds are measured against. Pure.

import { type Frame, frameLength, type Samples } from "./framing.ts";

/** At a wrong speed most stop bits are high all the same: the line rests high, and so do gaps. */
const blindStopHigh = 0.75;

/** The same for a stop bit that is high behind a parity bit that is right. */
const blindSound = 0.375;

/** How likely these are. */
export function blindShare(samples: Samples, receiver: Frame): number {
  return 2 ** -(receiver.dataBits + 1 + soundness(samples, receiver));
}

/** What the mark of a damaged character, or its absence, is worth against a blind draw, in bits. */
export function soundness({ bits, count }: Samples, receiver: Frame): number {
  const position = frameLength(receiver) - 2;
  if (receiver.parity !== "none") {
    return position < count ? -Math.log2(4 * blindSound) : -Math.log2(2 * (1 - blindSound));
  }
  const isHigh = (bits >> position & 1) === 1;
  return -Math.log2(2 * (isHigh ? blindStopHigh : 1 - blindStopHigh));
}
