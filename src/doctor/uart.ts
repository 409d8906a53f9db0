// What the kernel tells of its UARTs without their being opened: type, interrupt, counters and modem
// lines, from /proc/tty/driver/serial, which only root may read.

import type { ModemLines } from "../source/serial/modem_lines.ts";

export interface Uart {
  /** Such as `16550A`; `unknown` where there is none. */
  readonly type: string;
  /** 0 where it has none and is asked again and again. */
  readonly irq: number;
  /** `null` of a UART that is not there. */
  readonly lines: ModemLines | null;
  /** Characters that it had no room for. */
  readonly overruns: number;
}

/** By number: 0 is ttyS0. */
export function parseUarts(text: string): Map<number, Uart> {
  const lines = [...text.matchAll(/^(\d+): uart:(\S+)(.*)$/gm)];
  return new Map(
    lines.map(([, number, type = "", rest = ""]): [number, Uart] => [
      Number(number),
      { type, irq: figure(rest, "irq"), lines: linesIn(rest), overruns: figure(rest, "oe") },
    ]),
  );
}

function figure(text: string, name: string): number {
  return Number(new RegExp(`\\b${name}:(\\d+)`).exec(text)?.[1] ?? 0);
}

/** The kernel names those that are raised, behind the counters. */
function linesIn(text: string): ModemLines | null {
  if (!/\brx:\d/.test(text)) return null;
  const [, raised = ""] = / ([A-Z|]+)\s*$/.exec(text) ?? [];
  const names = new Set(raised.split("|"));
  const level = (name: string): "on" | "off" => names.has(name) ? "on" : "off";
  return { cts: level("CTS"), dsr: level("DSR"), dcd: level("CD"), ri: level("RI") };
}
