// How characters are framed on a line, and what a receiver's frame shows of them. A receiver hands
// out more than its data bits: that a parity was wrong, or a stop bit low, is one more sample of the
// line. So 7E1 can be read by a receiver at 8N1, and the other way round. Pure.

import { formatSettings, type LineSettings } from "./line_settings.ts";
import type { Character } from "./mark_decoder.ts";

/** Data bits, parity and stop bits. */
export type Frame = Pick<LineSettings, "dataBits" | "parity" | "stopBits">;

/** What a receiver is set to. */
export type ReceiverSettings = Omit<LineSettings, "flowControl">;

/** A framing that can be told from the others by what arrives. */
export interface Framing extends Frame {
  /** `7E1`. */
  readonly name: string;
  /** Framings whose bytes arrive just the same: nothing that is received tells them apart. */
  readonly alike: readonly string[];
  /** Reads it whole. All whose characters last ten bits are read at 8N1. */
  readonly receiver: Frame;
  /** Text with the top bit now set, now not: taken only for want of anything better. */
  readonly topBitVaries: boolean;
}

const at8N1: Frame = { dataBits: 8, parity: "none", stopBits: 1 };
const at8E1: Frame = { dataBits: 8, parity: "even", stopBits: 1 };
const at8O1: Frame = { dataBits: 8, parity: "odd", stopBits: 1 };
const at7N1: Frame = { dataBits: 7, parity: "none", stopBits: 1 };
const at7 = { dataBits: 7, stopBits: 1, receiver: at8N1, topBitVaries: false } as const;

/** All that are told apart. */
export const framings: readonly Framing[] = [
  { ...at8N1, name: "8N1", alike: ["8N2", "7S1"], receiver: at8N1, topBitVaries: false },
  { ...at7, name: "7E1", parity: "even", alike: ["7E2"] },
  { ...at7, name: "7O1", parity: "odd", alike: ["7O2"] },
  { ...at7, name: "7M1", parity: "mark", alike: ["7N2"] },
  { ...at8E1, name: "8E1", alike: [], receiver: at8E1, topBitVaries: false },
  { ...at8O1, name: "8O1", alike: [], receiver: at8O1, topBitVaries: false },
  { ...at7N1, name: "7N1", alike: ["7N2", "7M1"], receiver: at7N1, topBitVaries: false },
  { ...at8N1, name: "8N1", alike: ["8N2"], receiver: at8N1, topBitVaries: true },
];

/** Whether bytes of a line with this framing can look as those of a line set like `frame`. */
export function isFramed(framing: Framing, frame: Frame): boolean {
  const name = frameName(frame);
  return framing.name === name || framing.alike.includes(name);
}

/** `7E1`. */
export function frameName(frame: Frame): string {
  return formatSettings({ ...frame, baudRate: 0, flowControl: false }).slice("0 ".length);
}

export function isSameReceiver(a: ReceiverSettings, b: ReceiverSettings): boolean {
  return a.baudRate === b.baudRate && a.dataBits === b.dataBits && a.parity === b.parity;
}

/** The levels of the line behind the start bit, as far as a receiver's report tells them. */
export interface Samples {
  /** Bit 0 is the first level behind the start bit; 1 is high. */
  readonly bits: number;
  /** How many levels are known. */
  readonly count: number;
}

/**
 * A damaged character of a receiver with parity is taken for one with a wrong parity, which is the
 * likelier thing; the stop bit behind it stays unknown, as the driver hides it.
 */
export function samplesOf({ kind, byte }: Character, receiver: Frame): Samples {
  const { dataBits, parity } = receiver;
  const frameBits = dataBits + (parity === "none" ? 0 : 1);
  if (kind === "break") return { bits: 0, count: frameBits + 1 };
  const isGood = kind === "byte";
  if (parity === "none") {
    return { bits: byte | (isGood ? 1 << dataBits : 0), count: dataBits + 1 };
  }
  const expected = parityBit(byte, parity);
  const bits = byte | (isGood ? expected : 1 - expected) << dataBits;
  return isGood
    ? { bits: bits | 1 << frameBits, count: frameBits + 1 }
    : { bits, count: frameBits };
}

/** The bit that a sender with this parity adds to `data`. */
export function parityBit(data: number, parity: Exclude<Frame["parity"], "none">): 0 | 1 {
  if (parity === "mark") return 1;
  if (parity === "space") return 0;
  let folded = data ^ (data >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  const isOdd = (folded & 1) === 1;
  return isOdd === (parity === "even") ? 1 : 0;
}

/** Bits from the start bit to the first stop bit. */
export function frameLength({ dataBits, parity }: Frame): number {
  return 1 + dataBits + (parity === "none" ? 0 : 1) + 1;
}

/** A byte of a record, and whether it can be trusted. */
export interface DecodedByte {
  readonly byte: number;
  readonly damaged: boolean;
}

/**
 * What a character means when the line is framed so: without its parity bit, which is checked.
 * `null` for a break, and where the receiver's frame is of another length, so that its bytes are
 * not the sender's.
 */
export function decode(
  character: Character,
  options: { readonly framing: Framing; readonly receiver: Frame },
): DecodedByte | null {
  const { framing, receiver } = options;
  if (character.kind === "break" || frameLength(framing) !== frameLength(receiver)) return null;
  const { bits, count } = samplesOf(character, receiver);
  const byte = bits & ((1 << framing.dataBits) - 1);
  const tail = bits >> framing.dataBits;
  const expected = framing.parity === "none" ? 1 : parityBit(byte, framing.parity) | 2;
  const known = (1 << (count - framing.dataBits)) - 1;
  return { byte, damaged: ((tail ^ expected) & known) !== 0 };
}
