// A framer cuts the bytes of a source into records. It keeps no bytes: all that comes in goes out
// in the same call, as fragments, so that whatever was read can be written before more is read.

import type { RecordEnd } from "../record.ts";

/** Bytes of the record that is open, and how the record ends behind them, if it does. */
export interface Fragment {
  readonly bytes: Uint8Array;
  readonly end: RecordEnd | null;
  /** These bytes arrived damaged, or a break came between them. @default {false} */
  readonly damaged?: boolean;
}

/** Where a framer stands; a journal can tell it after a restart. */
export interface FramerPosition {
  /** Bytes of the record that is open; `null` when none is. */
  readonly openBytes: number | null;
  /** How the record before ended; `null` when there is none. */
  readonly lastEnd: RecordEnd | null;
}

export interface Framer {
  /** Cuts a chunk. The fragments are views of it, in order; only record terminators are left out. */
  push(chunk: Uint8Array): Fragment[];
  /** Ends the open record, if there is one, because no more bytes of it will come. */
  flush(end: "idle" | "hang_up" | "stop"): Fragment[];
}
