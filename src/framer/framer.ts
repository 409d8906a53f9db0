// A framer cuts the bytes of a source into records. It keeps no bytes: all that comes in goes out
// in the same call, as fragments, so that whatever was read can be written before more is read.
// So whether a record ends in front of a byte can depend on what came before, and on that byte.

import type { RecordEnd } from "../record.ts";

/** Bytes of the record that is open, and how the record ends behind them, if it does. */
export interface Fragment {
  readonly bytes: Uint8Array;
  readonly end: RecordEnd | null;
  /** These bytes arrived damaged, or a break came between them. @default {false} */
  readonly damaged?: boolean;
  /**
   * The record's last byte is a line feed that also ends its line in the log, where none is added:
   * whether the record is open or has ended, its bytes in the log are the same. @default {false}
   */
  readonly ownFeed?: boolean;
}

/** Where a framer stands. */
export interface FramerPosition {
  /** Bytes of the record that is open; `null` when none is. */
  readonly openBytes: number | null;
  /** How the record before ended; `null` when there is none. */
  readonly lastEnd: RecordEnd | null;
}

/** The same, as a journal can tell it, also after a kill. */
export interface FramerStart extends FramerPosition {
  /** Reads the bytes of the open record back. */
  readonly readOpen: () => Uint8Array;
}

export interface Framer {
  /** How long a silence ends a record. @default {as long as the channel waits for the rest of one} */
  readonly gapMs?: number | undefined;
  /** Cuts a chunk. The fragments are views of it, in order; only record terminators are left out. */
  push(chunk: Uint8Array): Fragment[];
  /** Ends the open record, if there is one, because no more bytes of it will come. */
  flush(end: "idle" | "hang_up" | "stop" | "broken_off"): Fragment[];
}
