// Line settings in words, as people say and write them: `9600 7E1`.

import { formatSettings } from "../source/serial/line_settings.ts";
import type { Parity, UartSettings } from "./uart.ts";

/** Data bits and parity: what a receiver must know to read a frame. */
export type ReceiverFrame = Pick<UartSettings, "dataBits" | "parity">;

/** The frames met in the field. Others are read, too. */
export const usualFrames: readonly string[] = [
  "8N1",
  "8N2",
  "7E1",
  "7O1",
  "7N2",
  "7M1",
  "7S1",
  "8E1",
  "8O1",
  "7N1",
];

const slowest = 50;
const fastest = 4_000_000;

const parities: Readonly<Record<string, Parity>> = {
  N: "none",
  O: "odd",
  E: "even",
  M: "mark",
  S: "space",
};

/** @throws {RangeError} that says what is allowed. */
export function parseSettings(text: string): UartSettings {
  const [, speed = "", frame = ""] = /^\s*(\d{2,7})[\s,/]+(\S+)\s*$/.exec(text) ?? [];
  const baud = Number(speed);
  if (speed === "" || baud < slowest || baud > fastest) {
    throw new RangeError(
      `give a speed from ${slowest} to ${fastest} and a frame, such as "9600 7E1"`,
    );
  }
  return { baud, ...parseFrame(frame) };
}

/** @throws {RangeError} that names the usual frames. */
export function parseFrame(text: string): Omit<UartSettings, "baud"> {
  const [, bits = "", letter = "", stop = ""] =
    /^([5-8])([NOEMS])(1|1\.5|2)$/.exec(text.trim().toUpperCase()) ?? [];
  const dataBits = ([5, 6, 7, 8] as const).find((each) => `${each}` === bits);
  const stopBits = ([1, 1.5, 2] as const).find((each) => `${each}` === stop);
  const parity = parities[letter];
  if (dataBits !== undefined && stopBits !== undefined && parity !== undefined) {
    return { dataBits, parity, stopBits };
  }
  throw new RangeError(`give a frame such as ${usualFrames.join(", ")}`);
}

/** `9600 7E1` */
export function describeSettings(settings: UartSettings): string {
  return formatSettings({ ...settings, baudRate: settings.baud, flowControl: false });
}

/**
 * How a line with these settings is read whole. All whose characters last ten bits, 8N1, 7E1 and
 * 7N2 among them, are read at 8N1, the parity bit or the first of two stop bits on top; 8E1, 8O1
 * and 7N1 only as they are.
 */
export function wholeReceiver({ dataBits, parity, stopBits }: UartSettings): ReceiverFrame {
  const bits = dataBits + (parity === "none" ? 0 : 1);
  return bits <= 8 && bits + stopBits >= 9 ? { dataBits: 8, parity: "none" } : { dataBits, parity };
}
