// Records what was caught as it was read, as one damaged record, without making sense of it: the way
// out where making sense of it has broken a channel again and again. Nothing of it is lost, and what
// comes behind it is recorded as ever.

import type { Journal } from "../journal/journal.ts";
import type { Report } from "../platform/notice.ts";
import type { CatchBuffer, Caught } from "./catch_buffer.ts";

/** Returns what is left of it then: nothing. @throws {AppendError} when disk and memory refuse */
export function recordAsRead(
  caught: Caught | null,
  { name, catchBuffer, journal, report }: {
    readonly name: string;
    readonly catchBuffer: CatchBuffer;
    readonly journal: Journal;
    readonly report: Report;
  },
): null {
  const reads = caught?.reads ?? [];
  const bytes = reads.reduce((sum, read) => sum + read.bytes.length, 0);
  const fragments = reads.map((read, i) => ({
    bytes: read.bytes,
    end: i + 1 < reads.length ? null : "broken_off" as const,
    damaged: true,
  }));
  if (reads[0] !== undefined) journal.append(fragments, reads[0].timeMs);
  catchBuffer.openDamaged = false;
  catchBuffer.keep(0, journal.place);
  report({
    level: "error",
    kind: "recorded_as_read",
    message: `${name}: ${bytes} bytes that break this channel are recorded as they were read`,
    hint: "send the log to support; the record is marked as partial and damaged",
    details: { bytes },
  });
  return null;
}
