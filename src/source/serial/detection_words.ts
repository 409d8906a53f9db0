// What the detection of a line's settings concludes and why, in a technician's words. Pure.

import { frameName, type Framing, type ReceiverSettings } from "./framing.ts";
import type { Suspect } from "./line_scores.ts";

/** `9600 7M1 (or 7N2)`. */
export function describeLine({ baudRate, framing }: Suspect): string {
  const { name, alike, topBitVaries } = framing;
  const others = alike.length === 0 ? "" : ` (or ${alike.join(", ")})`;
  return `${baudRate} ${name}${topBitVaries ? ", eight-bit text" : others}`;
}

/** `9600 8N1`. */
export function describeReceiver(receiver: ReceiverSettings): string {
  return `${receiver.baudRate} ${frameName(receiver)}`;
}

/** Why the receiver should change from one setting to another. */
export function whyTry(receiver: ReceiverSettings, target: Suspect): string {
  const from = describeReceiver(receiver);
  const ratio = receiver.baudRate / target.baudRate;
  if (ratio === 1) return `no text at ${from}, but it may be ${describeLine(target)}`;
  if (ratio < 1) {
    return `errors at ${from} and no pattern of a slower line: it may be faster, and ` +
      `${target.baudRate} will tell`;
  }
  if (ratio >= 10) {
    return `hardly anything but breaks at ${from}: the line is ten times slower or more`;
  }
  return `bits come in groups of ${
    Number(ratio.toFixed(1))
  } at ${from}: the line is that much slower`;
}

export function whyAccept(line: Suspect, evidenceBytes: number): string {
  return `${evidenceBytes} characters are text at ${describeLine(line)}${bitsSeen(line.framing)}`;
}

export function whyLost(line: Suspect, characters: number): string {
  return `the last ${characters} characters do not fit ${describeLine(line)}`;
}

/** `set to 9600 8N1, the line looks like 9600 7E1`. */
export function describeMismatch(options: {
  readonly set: ReceiverSettings;
  readonly receiver: ReceiverSettings;
  /** What fits best, all about as well. */
  readonly likely: readonly Suspect[];
}): string {
  const { receiver, likely } = options;
  const set = describeReceiver(options.set);
  const [first] = likely;
  const rates = new Set(likely.map(({ baudRate }) => baudRate));
  const isKnown = first !== undefined && rates.size === 1;
  if (isKnown && likely.length === 1) {
    return `set to ${set}, the line looks like ${describeLine(first)}`;
  }
  if (isKnown && first.baudRate !== receiver.baudRate) {
    return `set to ${set}, the line looks like ${first.baudRate} baud`;
  }
  if ([...rates].every((rate) => rate < receiver.baudRate)) {
    return `set to ${set}, the line looks slower: ${Math.max(...rates)} baud or less`;
  }
  return `set to ${set}, the line looks faster, or framed otherwise`;
}

function bitsSeen({ parity, topBitVaries, dataBits }: Framing): string {
  if (topBitVaries) return "; their top bit is now set, now not";
  if (parity === "mark") return "; their eighth bit is always set";
  return parity === "none" || dataBits === 8 ? "" : `; their eighth bit is ${parity} parity`;
}
