// What the writer of a journal works with.

import type { JournalOptions } from "./journal_options.ts";
import type { MemoryTail } from "./memory_tail.ts";
import type { SegmentShelf } from "./segment_shelf.ts";
import type { JoinedSegments } from "./tail_junction.ts";

export interface WriterOptions {
  readonly journal: JournalOptions;
  readonly channel: string;
  readonly shelf: SegmentShelf;
  readonly tail: MemoryTail;
  readonly start: JoinedSegments;
  /** The active segment is another one. */
  readonly switched: () => void;
}
