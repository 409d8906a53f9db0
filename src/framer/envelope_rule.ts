// Records between a start byte and an end byte, usually STX and ETX, perhaps with a check byte behind
// it. All of these stay in the record: the start byte tells it from what came between frames, also
// when the log is read again after a kill, and the check byte can still be checked years later.
//
// What stands outside of frames, such as the ENQs of a poll or the rest of a frame that was cut off,
// is a record, too: up to the next start byte, an end byte with its check byte, or a silence.

import type { RecordEnd } from "../record.ts";
import type { CuttingRule } from "./record_cutter.ts";

export class EnvelopeRule implements CuttingRule {
  readonly #startByte: number;
  readonly #endByte: number;
  readonly #checkByte: boolean;
  #at: "start" | "frame" | "outside" | "check byte" = "start";

  constructor(options: {
    readonly startByte: number;
    /** Another one. */
    readonly endByte: number;
    /** One more byte, of any value, belongs to a frame behind its end byte. */
    readonly checkByte: boolean;
  }) {
    this.#startByte = options.startByte;
    this.#endByte = options.endByte;
    this.#checkByte = options.checkByte;
  }

  reset(): void {
    this.#at = "start";
  }

  before(byte: number): RecordEnd | null {
    if (byte !== this.#startByte || this.#at === "check byte") return null;
    return this.#at === "frame" ? "broken_off" : "next_begins";
  }

  take(byte: number): RecordEnd | null {
    if (this.#at === "check byte") return "etx";
    if (byte === this.#endByte) {
      this.#at = "check byte";
      return this.#checkByte ? null : "etx";
    }
    if (this.#at === "start") this.#at = byte === this.#startByte ? "frame" : "outside";
    return null;
  }

  /** A frame must end by itself; outside of frames nothing is missing. */
  silent(): RecordEnd {
    return this.#at === "outside" ? "gap" : "idle";
  }
}
