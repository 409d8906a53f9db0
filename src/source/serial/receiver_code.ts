// A receiver's settings as one number, to be kept beside bytes that were read with them. Pure.

import type { ReceiverSettings } from "./framing.ts";

const dataBits = [5, 6, 7, 8] as const;
const parities = ["none", "odd", "even", "mark", "space"] as const;
const stopBits = [1, 1.5, 2] as const;

/** Fits into 32 bits, as speeds stay below 2^23. */
export function encodeReceiver(receiver: ReceiverSettings): number {
  const frame = dataBits.indexOf(receiver.dataBits) + 4 * parities.indexOf(receiver.parity) +
    20 * stopBits.indexOf(receiver.stopBits);
  return receiver.baudRate * 64 + frame;
}

/** `null` for a number that is none. */
export function decodeReceiver(code: number): ReceiverSettings | null {
  const frame = code % 64;
  const bits = dataBits[frame % 4];
  const parity = parities[Math.floor(frame / 4) % 5];
  const stops = stopBits[Math.floor(frame / 20)];
  const baudRate = Math.floor(code / 64);
  if (bits === undefined || parity === undefined || stops === undefined) return null;
  return baudRate > 0 ? { baudRate, dataBits: bits, parity, stopBits: stops } : null;
}
