// What flows through the collector: a record of one channel, and the header that every record
// carries in front of its bytes, in the file and in NATS alike.

/** A channel's identity: the PSAP's ten-digit FIPS code and the side designation, A1–A16 or B1–B16. */
export interface ChannelId {
  readonly fips: string;
  readonly side: string;
}

/**
 * How a record ended. `line_feed`, `carriage_return`, `etx` (with its check byte), `gap` (silence),
 * `length` and `next_begins` are whole records, each in its framing. `too_long` was cut at the size
 * limit. `idle`, `hang_up`, `stop`, `reboot` and `broken_off` are partial: the line fell silent, the
 * device went away, the service was stopped, the machine went down, another record began within it or
 * the line was set otherwise.
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
  | "broken_off";

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

const headerTail = "] ";
const timeLength = "2025-12-03 15:04:05.123".length;

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

/** Writes and recognises one channel's headers, `[FIPS][side][2025-12-03 15:04:05.123] `, in UTC. */
export class RecordHeader {
  /** Bytes in every header of the channel. */
  readonly length: number;
  readonly #prefix: Uint8Array;
  readonly #encoder = new TextEncoder();

  constructor(channel: ChannelId) {
    this.#prefix = this.#encoder.encode(`[${channel.fips}][${channel.side}][`);
    this.length = this.#prefix.length + timeLength + headerTail.length;
  }

  /** Writes the header at `offset` of `target` and returns the offset behind it. */
  write(target: Uint8Array, offset: number, timeMs: number): number {
    target.set(this.#prefix, offset);
    const time = new Date(timeMs).toISOString();
    const text = `${time.slice(0, 10)} ${time.slice(11, 23)}${headerTail}`;
    this.#encoder.encodeInto(text, target.subarray(offset + this.#prefix.length));
    return offset + this.length;
  }

  /** Whether `bytes` may be a header of the channel whose end is missing. */
  isTorn(bytes: Uint8Array): boolean {
    if (bytes.length >= this.length) return false;
    const compared = bytes.subarray(0, this.#prefix.length);
    return compared.every((byte, i) => byte === this.#prefix[i]);
  }

  /** The time in the header that begins at `offset` in milliseconds, or `null` where none begins. */
  read(bytes: Uint8Array, offset: number): number | null {
    if (offset + this.length > bytes.length) return null;
    for (let i = 0; i < this.#prefix.length; i++) {
      if (bytes[offset + i] !== this.#prefix[i]) return null;
    }
    const from = offset + this.#prefix.length;
    const text = String.fromCharCode(...bytes.subarray(from, offset + this.length));
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] $/.test(text)) return null;
    const time = `${text.slice(0, 10)}T${text.slice(11, timeLength)}Z`;
    const timeMs = Date.parse(time);
    if (Number.isNaN(timeMs)) return null;
    // Date.parse() takes 30 February for 2 March.
    return new Date(timeMs).toISOString() === time ? timeMs : null;
  }
}
