// Cuts a stream into records byte by byte, as a rule says. Every byte stays in a record, none is left
// out. What a rule knows is told by the bytes of the open record alone, so reading these back puts it
// where it stood, after whichever byte a kill came.

import type { RecordEnd } from "../record.ts";
import type { Fragment, Framer, FramerStart } from "./framer.ts";
import { defaultMaxRecordBytes } from "./line_framer.ts";

const LF = 0x0a;
const nothing = new Uint8Array(0);

/** Where records end, in one framing. It is told each byte once, and keeps none. */
export interface CuttingRule {
  /** How long a silence ends a record. @default {as long as the channel waits for the rest of one} */
  readonly gapMs?: number;
  /** A line feed that a record ends in is its terminator in the log, too. @default {false} */
  readonly ownFeeds?: boolean;
  /** No record is open; the next byte begins one. */
  reset(): void;
  /** How the open record, which is not empty, ends in front of `byte`; `null` when it goes on. */
  before(byte: number): RecordEnd | null;
  /** Takes a byte of the open record; how that ends behind it, or `null`. */
  take(byte: number): RecordEnd | null;
  /** How a silence ends the open record. */
  silent(): RecordEnd;
}

export class RecordCutter implements Framer {
  readonly #rule: CuttingRule;
  readonly #maxBytes: number;
  #openBytes: number | null;
  #lastByte: number | undefined;

  constructor(options: {
    readonly rule: CuttingRule;
    readonly start: FramerStart;
    /** @default {defaultMaxRecordBytes} */
    readonly maxBytes?: number;
  }) {
    this.#rule = options.rule;
    this.#maxBytes = options.maxBytes ?? defaultMaxRecordBytes;
    this.#openBytes = options.start.openBytes;
    this.#rule.reset();
    if (this.#openBytes === null) return;
    const open = options.start.readOpen();
    for (const byte of open) this.#rule.take(byte);
    this.#lastByte = open.at(-1);
  }

  get gapMs(): number | undefined {
    return this.#rule.gapMs;
  }

  push(chunk: Uint8Array): Fragment[] {
    const fragments: Fragment[] = [];
    let start = 0;
    for (const [at, byte] of chunk.entries()) {
      const before = this.#endBefore(byte, (this.#openBytes ?? 0) + at - start);
      if (before !== null) {
        fragments.push(this.#end(chunk.subarray(start, at), before));
        start = at;
      }
      const behind = this.#rule.take(byte);
      this.#lastByte = byte;
      if (behind === null) continue;
      fragments.push(this.#end(chunk.subarray(start, at + 1), behind));
      start = at + 1;
    }
    if (start < chunk.length) {
      this.#openBytes = (this.#openBytes ?? 0) + chunk.length - start;
      fragments.push({ bytes: chunk.subarray(start), end: null });
    }
    return fragments;
  }

  flush(end: "idle" | "hang_up" | "stop" | "broken_off"): Fragment[] {
    if (this.#openBytes === null) return [];
    return [this.#end(nothing, end === "idle" ? this.#rule.silent() : end)];
  }

  #endBefore(byte: number, openBytes: number): RecordEnd | null {
    if (openBytes === 0) return null;
    return this.#rule.before(byte) ?? (openBytes >= this.#maxBytes ? "too_long" : null);
  }

  #end(bytes: Uint8Array, end: RecordEnd): Fragment {
    const ownFeed = this.#rule.ownFeeds === true && this.#lastByte === LF;
    this.#openBytes = null;
    this.#lastByte = undefined;
    this.#rule.reset();
    return ownFeed ? { bytes, end, ownFeed } : { bytes, end };
  }
}
