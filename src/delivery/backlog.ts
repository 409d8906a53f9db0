// What waits for a sink, from the journal and the sink's cursor on the disk; and what two looks tell
// of the pace. Pure, but for the reading of the journal.

import type { KeptJournal } from "../journal/kept_journal.ts";
import type { CursorFile } from "./cursor.ts";
import { deliveredBefore } from "./stream_audit.ts";

/** What waits at one moment. */
export interface BacklogLook {
  readonly channel: string;
  readonly sink: string;
  /** First sequence that waits, or will be given out next. */
  readonly next: number;
  readonly records: number;
  /** As they stand in the log. */
  readonly bytes: number;
  /** When the oldest record that waits was captured, milliseconds since 1970; `null` when none does. */
  readonly oldestMs: number | null;
  /** Last sequence that is in the journal. */
  readonly last: number;
  /** On the monotonic clock. */
  readonly atMs: number;
}

/** How it gets on, in records a second. */
export interface BacklogPace {
  readonly delivered: number;
  readonly captured: number;
  /** Until nothing waits; `null` when it does not come to that at this pace. */
  readonly drainedInMs: number | null;
}

export function lookAtBacklog(
  journal: KeptJournal,
  { cursors, sink, atMs }: {
    readonly cursors: CursorFile;
    readonly sink: string;
    readonly atMs: number;
  },
): BacklogLook {
  const last = journal.lastSequence;
  const next = Math.max(journal.oldestSequence, deliveredBefore(cursors, journal));
  const ranges = journal.held({ from: next, to: last });
  const first = ranges[0];
  const bytes = ranges.reduce((sum, { from, to }) => {
    const [start, end] = [journal.entry(from), journal.entry(to)];
    return sum + (start === null || end === null ? 0 : end.offset + end.length - start.offset);
  }, 0);
  return {
    channel: journal.name,
    sink,
    next,
    records: ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    bytes,
    oldestMs: first === undefined ? null : journal.entry(first.from)?.timeMs ?? null,
    last,
    atMs,
  };
}

/** From two looks at the same channel and sink. */
export function paceBetween(before: BacklogLook, after: BacklogLook): BacklogPace {
  const seconds = (after.atMs - before.atMs) / 1000;
  const captured = Math.max(0, after.last - before.last) / seconds;
  // A sink that goes back to send again delivers nothing new.
  const delivered = Math.max(0, after.next - before.next) / seconds;
  const gain = delivered - captured;
  const drainedInMs = after.records === 0 ? 0 : gain > 0 ? after.records / gain * 1000 : null;
  return { delivered, captured, drainedInMs };
}
