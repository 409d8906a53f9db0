// A simulated UART's settings in words, and what reads them whole.

import { formatSettings, parseSettings } from "../source/serial/line_settings.ts";
import type { UartSettings } from "./uart.ts";

/** Data bits and parity: what a receiver must know to read a frame. */
export type ReceiverFrame = Pick<UartSettings, "dataBits" | "parity">;

/** Reads `9600 7E1`. @throws {RangeError} that says what is allowed. */
export function parseUartSettings(text: string): UartSettings {
  const { baudRate, ...frame } = parseSettings(text);
  return { baud: baudRate, ...frame };
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
