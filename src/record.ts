// What flows through the collector: a record of one channel, and the header that every record
// carries in front of its bytes, in the file and in NATS alike.

import { LineHeader } from "./line_header.ts";

/** A channel's identity: the PSAP's ten-digit FIPS code and the side designation, A1–A16 or B1–B16. */
export interface ChannelId {
  readonly fips: string;
  readonly side: string;
}

/**
 * How a record ended. `line_feed`, `carriage_return`, `etx` (with its check byte), `gap` (silence),
 * `length` and `next_begins` are whole records, each in its framing; `message` came as a whole.
 * `too_long` was cut at the size limit. `idle`, `hang_up`, `stop`, `reboot` and `broken_off` are
 * partial: the line fell silent, the device went away, the service was stopped, the machine went
 * down, another record began within it, the line was set otherwise, or the service was killed while
 * it wrote a message.
 * `recovered` was complete in the log, but its index entry was lost.
 */
export type RecordEnd =
  | "line_feed"
  | "carriage_return"
  | "too_long"
  | "idle"
  | "hang_up"
  | "stop"
  | "recovered"
  | "reboot"
  | "etx"
  | "gap"
  | "length"
  | "next_begins"
  | "broken_off"
  | "message";

/** What an analyst must know of a record: nothing, or that bytes of it may stand elsewhere. */
export type RecordMark = "whole" | "cut" | "partial";

/** One record as it stands in the journal. */
export interface JournalRecord {
  /** Number in its channel, from 1, never reused. */
  readonly sequence: number;
  /** The unbroken run of numbering that the sequence was given in. */
  readonly epoch: string;
  /** When its first byte was read, in milliseconds since 1970, UTC. */
  readonly timeMs: number;
  readonly end: RecordEnd;
  /** Some of its bytes arrived damaged, or a break came between them. */
  readonly damaged: boolean;
  /** Header, the bytes as received, and a line feed. */
  readonly line: Uint8Array;
}

/** `{fips}-{side}`, the name of a channel's files and the start of its message ids. */
export function channelName(channel: ChannelId): string {
  return `${channel.fips}-${channel.side}`;
}

/** Whether bytes of the record may stand in the record before or after it. */
export function recordMark(end: RecordEnd): RecordMark {
  switch (end) {
    case "line_feed":
    case "carriage_return":
    case "recovered":
    case "etx":
    case "gap":
    case "length":
    case "next_begins":
    case "message":
      return "whole";
    case "too_long":
      return "cut";
    case "idle":
    case "hang_up":
    case "stop":
    case "reboot":
    case "broken_off":
      return "partial";
  }
}

/** One channel's headers, `[FIPS][side][2025-12-03 15:04:05.123] `, in UTC. */
export class RecordHeader extends LineHeader {
  constructor({ fips, side }: ChannelId) {
    super({ before: `[${fips}][${side}][`, between: " ", behind: "] " });
  }
}
