// Compares what we believe was delivered with what is really in the stream, before anything is
// published on a new connection. The stream is always right: acknowledgements are lost in cut
// connections, and acknowledged messages are lost in a server's power cut.

import type { Cursor } from "./cursor.ts";
import { formatMessageId, parseMessageId } from "./message.ts";
import { type FoundMessage, type JournalExtent, maxInFlight, resumePoint } from "./resume.ts";
import type { StreamExtent, SubjectStream } from "./stream_server.ts";

/** A channel to be compared. */
export interface Compared {
  readonly channel: string;
  readonly cursor: Cursor | undefined;
  readonly journal: JournalExtent;
}

/** Where a channel's delivery goes on. */
export interface Reconciled {
  readonly cursor: Cursor;
  readonly skip: ReadonlySet<number>;
  readonly streamAhead: number | null;
  /** Set when the stream has lost what it had acknowledged: the sequence that was needed next before. */
  readonly rewoundFrom: number | null;
}

const firstWindow = 1000;

/** Compares all channels that share a subject. Keys of the result are channel names. */
export async function reconcile(options: {
  readonly stream: SubjectStream;
  /** What it holds by now. */
  readonly extent: StreamExtent;
  readonly channels: readonly Compared[];
}): Promise<Map<string, Reconciled>> {
  const { stream, extent, channels } = options;
  const { name } = stream;
  const { created } = extent;
  const trusted = new Map<string, Cursor>();
  for (const { channel, cursor, journal } of channels) {
    const plausible = cursor !== undefined && isOfJournal(cursor, journal);
    if (plausible && await isConfirmed(stream, cursor, extent)) {
      trusted.set(channel, cursor);
    } else if (journal.lastSequence < journal.oldestSequence) {
      const next = journal.oldestSequence;
      trusted.set(channel, {
        next,
        stream: name,
        created,
        searched: extent.lastSequence,
        stored: null,
        epoch: null,
      });
    } else if (plausible && !isSame(cursor, name, extent) && extent.firstSequence <= 1) {
      // Made anew while records were under way, it may hold later ones and none before them.
      const next = journal.oldestSequence;
      trusted.set(channel, { next, stream: name, created, searched: 0, stored: null, epoch: null });
    }
  }
  const found = new Map<string, FoundMessage[]>(channels.map(({ channel }) => [channel, []]));
  const searched = Math.min(...[...trusted.values()].map((cursor) => cursor.searched));
  const from = Math.max(searched + 1, extent.firstSequence);
  await stream.each(from, extent.lastSequence, (message) => {
    const next = trusted.get(message.channel)?.next;
    if (next !== undefined && message.sequence >= next) found.get(message.channel)?.push(message);
  });
  const doubtful = channels.map(({ channel }) => channel).filter((name) => !trusted.has(name));
  await searchBackwards(stream, extent, doubtful, found);
  return new Map(channels.map((compared) => {
    const { channel, cursor, journal } = compared;
    const confirmed = trusted.get(channel);
    const known = cursor !== undefined && isOfJournal(cursor, journal) ? cursor : null;
    const { next, last, skip, streamAhead } = resumePoint({
      trustedNext: confirmed?.next ?? null,
      neededNext: known?.next ?? null,
      found: found.get(channel) ?? [],
      frontDropped: extent.firstSequence > 1,
      journal,
    });
    const stored = last === null
      ? confirmed?.stored ?? null
      : { sequence: last.streamSequence, messageId: formatMessageId(last) };
    const rewoundFrom = known !== null && next < known.next ? known.next : null;
    // With messages behind a hole, the search must begin before them the next time too.
    const searched = skip.size === 0 ? extent.lastSequence : confirmed?.searched ?? 0;
    return [channel, {
      cursor: {
        next,
        stream: name,
        created,
        searched,
        stored,
        epoch: journal.epochOf(next - 1),
      },
      skip,
      streamAhead,
      rewoundFrom,
    }];
  }));
}

/** The last sequence that a cursor has behind it; 0 when it is another journal's, or there is none. */
export function passedBefore(cursor: Cursor | undefined, journal: JournalExtent): number {
  return cursor !== undefined && isOfJournal(cursor, journal) ? cursor.next - 1 : 0;
}

/** Whether the cursor speaks of this journal, and not of one that stood in its place before. */
export function isOfJournal(cursor: Cursor, journal: JournalExtent): boolean {
  const { next, stored } = cursor;
  if (next > journal.lastSequence + 1) return false;
  const identity = stored === null ? null : parseMessageId(stored.messageId);
  const { sequence, epoch } = identity ?? { sequence: next - 1, epoch: cursor.epoch };
  const kept = journal.epochOf(sequence);
  return kept === null || kept === epoch;
}

/** Whether the cursor speaks of this stream, and not of one that stood in its place before. */
function isSame(cursor: Cursor, stream: string, { created }: StreamExtent): boolean {
  return cursor.stream === stream && cursor.created === created;
}

/** Whether the message before the cursor is still where it was, or has left the stream by its limits. */
async function isConfirmed(
  stream: SubjectStream,
  cursor: Cursor,
  extent: StreamExtent,
): Promise<boolean> {
  const { stored } = cursor;
  if (!isSame(cursor, stream.name, extent) || cursor.searched > extent.lastSequence) return false;
  if (stored === null) return true;
  if (stored.sequence < extent.firstSequence) return true;
  const id = await stream.messageId(stored.sequence);
  return id === null || id === stored.messageId;
}

/**
 * Looks for the newest messages of `channels`, in windows that double, until each channel's last
 * `maxInFlight` sequences are covered or the stream's start is reached.
 */
async function searchBackwards(
  stream: SubjectStream,
  extent: StreamExtent,
  channels: readonly string[],
  found: Map<string, FoundMessage[]>,
): Promise<void> {
  const open = new Set(channels);
  let to = extent.lastSequence;
  for (let window = firstWindow; open.size > 0 && to >= extent.firstSequence; window *= 2) {
    const from = Math.max(extent.firstSequence, to - window + 1);
    await stream.each(from, to, (message) => {
      if (open.has(message.channel)) found.get(message.channel)?.push(message);
    });
    for (const channel of [...open]) {
      const sequences = (found.get(channel) ?? []).map(({ sequence }) => sequence);
      const newest = sequences.reduce((most, sequence) => Math.max(most, sequence), 0);
      if (sequences.some((sequence) => sequence <= newest - maxInFlight)) open.delete(channel);
    }
    to = from - 1;
  }
}
