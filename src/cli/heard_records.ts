// What would be recorded of a line that is only listened to: cut into records as a port's lines are,
// for people to look at.

import { LineFramer } from "../framer/line_framer.ts";
import type { Run } from "../source/source.ts";

/** Longer ones are shown cut: nobody reads on, and a line that is none may never end. */
const mostBytes = 200;

export interface HeardRecord {
  /** Without its terminator; at most the first 200. */
  readonly bytes: Uint8Array;
  /** How long it was in all. */
  readonly length: number;
  /** Bytes of it arrived damaged, or a break came between them. */
  readonly damaged: boolean;
  /** The line fell silent before its end, or was set otherwise. */
  readonly partial: boolean;
}

export class HeardRecords {
  readonly #framer = new LineFramer({ position: { openBytes: null, lastEnd: null } });
  #bytes: number[] = [];
  #length = 0;
  #damaged = false;

  /** The records that end in these runs. */
  push(runs: readonly Run[]): HeardRecord[] {
    const records: HeardRecord[] = [];
    for (const { bytes, damaged, begins } of runs) {
      if (begins) records.push(...this.#flush("broken_off"));
      this.#damaged ||= damaged;
      for (const fragment of this.#framer.push(bytes)) {
        this.#append(fragment.bytes);
        if (fragment.end !== null) records.push(this.#end(false));
      }
    }
    return records;
  }

  /** The record that has begun, because no more comes of it for now. */
  flush(): HeardRecord[] {
    return this.#flush("idle");
  }

  #flush(end: "idle" | "broken_off"): HeardRecord[] {
    return this.#framer.flush(end).map(() => this.#end(true));
  }

  #append(bytes: Uint8Array): void {
    this.#bytes.push(...bytes.subarray(0, mostBytes - this.#bytes.length));
    this.#length += bytes.length;
  }

  #end(partial: boolean): HeardRecord {
    const record = {
      bytes: Uint8Array.from(this.#bytes),
      length: this.#length,
      damaged: this.#damaged,
      partial,
    };
    this.#bytes = [];
    this.#length = 0;
    this.#damaged = false;
    return record;
  }
}
