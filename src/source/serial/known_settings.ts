// What is known of a line before its first character: what is configured, what worked the last time,
// what is usual. Pure.

import type { LineDetectorOptions } from "./detection.ts";
import { frameLength, framings, isFramed, type ReceiverSettings } from "./framing.ts";
import type { Suspect } from "./line_scores.ts";

/** How much is expected beforehand, in bits. */
const prior = { remembered: 12, start: 2, nineOrElevenBits: -6, topBitVaries: -10 };

/** What is configured, else what worked last, else 9600 8N1. */
export function firstReceiver(options: LineDetectorOptions): ReceiverSettings {
  const { fixed, remembered, baudRates } = options;
  const usual = baudRates.includes(9600) ? 9600 : baudRates[0] ?? 9600;
  const baudRate = fixed?.baudRate ?? remembered?.baudRate ?? usual;
  const frame = fixed?.frame ?? remembered;
  const framing = frame && framings.find((each) => isFramed(each, frame));
  const { dataBits, parity, stopBits } = framing?.receiver ?? frame ??
    { dataBits: 8, parity: "none", stopBits: 1 } as const;
  return { baudRate, dataBits, parity, stopBits };
}

/** What a receiver must be set to for a line to be read whole. */
export function receiverFor({ baudRate, framing }: Suspect): ReceiverSettings {
  return { baudRate, ...framing.receiver };
}

/** Whether the line may be taken to be so, by what is configured. */
export function isAllowed({ baudRate, framing }: Suspect, { fixed }: LineDetectorOptions): boolean {
  return (fixed?.baudRate === undefined || fixed.baudRate === baudRate) &&
    (fixed?.frame === undefined || isFramed(framing, fixed.frame));
}

/** How much is expected of settings, in bits against others. */
export function priorOf({ baudRate, framing }: Suspect, options: LineDetectorOptions): number {
  const { remembered } = options;
  const isRemembered = remembered !== undefined && remembered.baudRate === baudRate &&
    isFramed(framing, remembered) && !framing.topBitVaries;
  return (isRemembered ? prior.remembered : 0) +
    (baudRate === firstReceiver(options).baudRate ? prior.start : 0) +
    (frameLength(framing) === 10 ? 0 : prior.nineOrElevenBits) +
    (framing.topBitVaries ? prior.topBitVaries : 0);
}
