// Records of one or more lines. The first character of a line says whether it begins a record or goes
// on with the one before. No more of it can: bytes go to the log at once, behind those of the record
// that they belong to, so a line cannot be given to another record once a part of it was seen.
//
// Line ends stay in the record as they came. The last one cannot be left out: when it comes, nobody
// knows yet whether it is the last. Where it ends in a line feed, no other is added in the log.

import type { RecordEnd } from "../record.ts";
import type { CuttingRule } from "./record_cutter.ts";

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

export class MultiLineRule implements CuttingRule {
  readonly ownFeeds = true;
  readonly #begins: (byte: number) => boolean;
  #at: "line start" | "carriage return" | "line" = "line start";
  /** The open record holds more than padding. */
  #isBegun = false;

  /** `begins` says whether a line whose first byte is this one begins a record. */
  constructor(begins: (byte: number) => boolean) {
    this.#begins = begins;
  }

  reset(): void {
    this.#at = "line start";
    this.#isBegun = false;
  }

  before(byte: number): RecordEnd | null {
    // The rest of a CRLF, and padding behind a line, which some equipment sends as NULs.
    const belongs = byte === NUL || byte === LF && this.#at === "carriage return";
    if (!this.#isBegun || this.#at === "line" || belongs) return null;
    return this.#begins(byte) ? "next_begins" : null;
  }

  take(byte: number): null {
    if (byte === NUL) return null;
    this.#isBegun = true;
    if (byte === LF) this.#at = "line start";
    else this.#at = byte === CR ? "carriage return" : "line";
    return null;
  }

  /** Behind a line's end a silence is what ends a record; within a line something is missing. */
  silent(): RecordEnd {
    return this.#isBegun && this.#at !== "line" ? "gap" : "idle";
  }
}
