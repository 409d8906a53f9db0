// What `nectarcollector simulate` says of its ports: a line each while it works, and a summary.

import { basename } from "node:path";
import type { BenchPort } from "../simulate/bench_port.ts";
import { describeSettings } from "../simulate/uart_settings.ts";
import { counted } from "./counted.ts";

/** How a port is getting on, in about 75 characters. */
export function progressLine(port: BenchPort): string {
  const { calls, bytes } = port.status;
  return [
    titleOf(port),
    counted(calls, "record"),
    counted(bytes, "byte"),
    readerState(port),
  ].join("  ").trimEnd();
}

/** What the bench did, as `--json` prints it. */
export interface SimulateSummary {
  readonly version: 1;
  readonly seed: number;
  readonly ports: readonly PortSummary[];
}

export interface PortSummary {
  readonly device: string;
  readonly maker: string;
  /** The last ones. */
  readonly settings: string;
  /** What the maker prints for a call, which may be several lines. */
  readonly records: number;
  /** Of which not all was sent: the cable was pulled, or it was the end. */
  readonly records_cut: number;
  readonly lines: number;
  readonly bytes_sent: number;
  /** As a reader would have got them: with marks of errors, and with its speed. */
  readonly bytes_unread: number;
  readonly breaks: number;
  readonly unplugs: number;
}

export function summarize(ports: readonly BenchPort[], seed: number): SimulateSummary {
  return { version: 1, seed, ports: ports.map(portSummary) };
}

export function summaryLines({ ports, seed }: SimulateSummary): string[] {
  return [
    ...ports.map((port) => {
      const more = [
        ...port.records_cut > 0 ? [`${counted(port.records_cut, "record")} cut off`] : [],
        ...port.breaks > 0 ? [counted(port.breaks, "break")] : [],
        ...port.unplugs > 0 ? [`unplugged ${counted(port.unplugs, "time")}`] : [],
      ];
      const unread = port.bytes_unread === 0
        ? "all read"
        : `${counted(port.bytes_unread, "byte")} not read`;
      const sent = `${counted(port.records, "record")}, ${
        counted(port.bytes_sent, "byte")
      } sent, ${unread}`;
      return `${port.device}  ${port.maker}  ${[sent, ...more].join("; ")}`;
    }),
    `seed ${seed}: --seed ${seed} gives the same callers and noise again`,
  ];
}

function portSummary(port: BenchPort): PortSummary {
  const { calls, brokenCalls, lines, bytes, breaks, unplugs } = port.status;
  return {
    device: port.cable.link,
    maker: port.maker.name,
    settings: describeSettings(port.cable.settings),
    records: calls,
    records_cut: brokenCalls,
    lines,
    bytes_sent: bytes,
    bytes_unread: port.cable.lostBytes,
    breaks,
    unplugs,
  };
}

/** `ttySim1   Toshiba CTX      1200 8N1` */
export function titleOf({ cable, maker }: BenchPort): string {
  const settings = describeSettings(cable.settings);
  return `${basename(cable.link).padEnd(8)}  ${maker.name.padEnd(15)}  ${settings.padEnd(9)}`;
}

function readerState({ cable }: BenchPort): string {
  const { readerBaud, settings, waitingBytes } = cable;
  if (readerBaud === null) return "unplugged";
  if (waitingBytes > 0) return `${waitingBytes} unread`;
  return readerBaud === settings.baud ? "" : `reader at ${readerBaud}`;
}
