// Finds records that the stream holds under other ids than the journal. A disk that took a part of
// an append and gave it up may bring that part back after a power cut, when its records have been
// delivered from memory and nobody knows their ids any more. The lines, with their times, are the same
// byte for byte.

import type { Journal } from "../journal/journal.ts";
import type { FoundMessage } from "./resume.ts";
import type { SubjectStream } from "./stream_server.ts";

const batch = { maxRecords: 256, maxBytes: 256 * 1024 };

/**
 * The messages among `foreign`, whose ids the journal does not know, that are records of it from
 * `from` on: under the ids that they have in the journal, each once, in its order.
 */
export async function storedUnderOtherIds(options: {
  readonly stream: SubjectStream;
  readonly journal: Pick<Journal, "reader">;
  readonly from: number;
  readonly foreign: readonly FoundMessage[];
}): Promise<FoundMessage[]> {
  const { stream, journal, foreign } = options;
  const candidates = Map.groupBy(foreign, ({ timeMs }) => timeMs);
  const latestMs = foreign.reduce((most, { timeMs }) => Math.max(most, timeMs), 0);
  const matches: FoundMessage[] = [];
  using reader = journal.reader();
  for (let from = options.from;;) {
    const { records, next } = await reader.read(from, batch);
    for (const { timeMs, line, sequence, epoch } of records) {
      if (timeMs > latestMs) return matches;
      const sameTime = candidates.get(timeMs) ?? [];
      for (const [i, message] of sameTime.entries()) {
        if (!isSame(line, await stream.payload(message.streamSequence))) continue;
        matches.push({ ...message, sequence, epoch });
        sameTime.splice(i, 1);
        break;
      }
    }
    if (next === from) return matches;
    from = next;
  }
}

function isSame(line: Uint8Array, payload: Uint8Array | null): boolean {
  return payload?.length === line.length && line.every((byte, i) => byte === payload[i]);
}
