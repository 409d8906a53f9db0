// Records that end with LF, CRLF or a CR alone. A CR ends its record at once, without waiting for
// what follows; an LF right behind it belongs to it and is swallowed, however late it comes.
// Blank lines are records: in an ALI message their place has a meaning.

import type { RecordEnd } from "../record.ts";
import type { Fragment, Framer, FramerPosition } from "./framer.ts";

const LF = 0x0a;
const CR = 0x0d;
const nothing = new Uint8Array(0);

/**
 * Longest record in bytes. It leaves room for the record's header and the NATS headers within
 * 1 MiB, nats-server's default `max_payload`: a longer one could never be delivered.
 */
export const defaultMaxRecordBytes = 1024 * 1024 - 1024;

export class LineFramer implements Framer {
  readonly #maxBytes: number;
  #openBytes: number | null;
  #lastEnd: RecordEnd | null;

  constructor(options: { readonly position: FramerPosition; readonly maxBytes?: number }) {
    this.#maxBytes = options.maxBytes ?? defaultMaxRecordBytes;
    this.#openBytes = options.position.openBytes;
    this.#lastEnd = options.position.lastEnd;
  }

  push(chunk: Uint8Array): Fragment[] {
    const fragments: Fragment[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) {
        if ((this.#openBytes ?? 0) + at - start >= this.#maxBytes) {
          fragments.push(this.#end(chunk.subarray(start, at), "too_long"));
          start = at;
        }
        continue;
      }
      const blank = this.#openBytes === null && at === start;
      if (blank && this.#belongsToLastEnd(byte)) {
        this.#lastEnd = byte === CR ? "carriage_return" : "line_feed";
      } else {
        const end = byte === CR ? "carriage_return" : "line_feed";
        fragments.push(this.#end(chunk.subarray(start, at), end));
      }
      start = at + 1;
    }
    if (start < chunk.length) {
      this.#openBytes = (this.#openBytes ?? 0) + chunk.length - start;
      fragments.push({ bytes: chunk.subarray(start), end: null });
    }
    return fragments;
  }

  flush(end: "idle" | "hang_up" | "stop" | "broken_off"): Fragment[] {
    return this.#openBytes === null ? [] : [this.#end(nothing, end)];
  }

  /** A terminator without bytes before it: the LF of a CRLF, or the end of what was already flushed. */
  #belongsToLastEnd(terminator: number): boolean {
    switch (this.#lastEnd) {
      case "carriage_return":
      case "recovered":
        return terminator === LF;
      case "idle":
      case "hang_up":
      case "stop":
      case "reboot":
        return true;
      case "line_feed":
      case "too_long":
      case "etx":
      case "gap":
      case "length":
      case "next_begins":
      case "broken_off":
      case "message":
      case null:
        return false;
    }
  }

  #end(bytes: Uint8Array, end: RecordEnd): Fragment {
    this.#openBytes = null;
    this.#lastEnd = end;
    return { bytes, end };
  }
}
