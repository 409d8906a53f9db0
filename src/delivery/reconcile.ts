// Compares what we believe was delivered with what is really in the stream, before anything is
// published on a new connection. The stream is always right: acknowledgements are lost in cut
// connections, and acknowledged messages are lost in a server's power cut.

import type { Journal } from "../journal/journal.ts";
import { storedUnderOtherIds } from "./content_match.ts";
import type { Cursor } from "./cursor.ts";
import { parseMessageId } from "./message.ts";
import {
  type FoundMessage,
  isOurs,
  type JournalExtent,
  maxInFlight,
  type PassedRecord,
  type ResumePoint,
  resumePoint,
} from "./resume.ts";
import type { StreamExtent, SubjectStream } from "./stream_server.ts";

/** How far a channel had come on an earlier connection, as acknowledgements told. */
export interface Acknowledged {
  readonly cursor: Cursor;
  /** Of the stream, when that connection began: under another one acknowledgements may be void. */
  readonly leadership: string;
}

/** A channel to be compared. */
export interface Compared {
  readonly channel: string;
  /** There was a moment at which the stream held all before it. */
  readonly cursor: Cursor | undefined;
  readonly acknowledged: Acknowledged | undefined;
  readonly journal: JournalExtent & Pick<Journal, "reader">;
}

/** Where a channel's delivery goes on. */
export interface Reconciled {
  readonly cursor: Cursor;
  readonly skip: ResumePoint["skip"];
  readonly streamAhead: number | null;
  /** Set when the stream has lost what it had acknowledged: the sequence that was needed next before. */
  readonly rewoundFrom: number | null;
}

const firstWindow = 1000;
const oldestRecord = { maxRecords: 1, maxBytes: 1 };

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
  const confirmed = new Map<string, boolean>();
  for (const { channel, cursor, journal } of channels) {
    const kept = knownCursor(cursor, journal);
    if (kept !== null) confirmed.set(channel, await isConfirmed(stream, kept, extent));
  }
  const isShaken = [...confirmed.values()].includes(false) ||
    channels.some((compared) => hasLostMessages(compared, extent));
  const trusted = new Map<string, Cursor>();
  for (const { channel, cursor, journal } of channels) {
    if (cursor !== undefined && confirmed.get(channel) === true) {
      // What was searched behind the cursor's message may have been lost, and filled again.
      const searched = isShaken ? cursor.stored?.sequence ?? 0 : cursor.searched;
      trusted.set(channel, { ...cursor, searched });
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
    }
  }
  const found = new Map<string, FoundMessage[]>(channels.map(({ channel }) => [channel, []]));
  const searched = Math.min(...[...trusted.values()].map((cursor) => cursor.searched));
  const from = Math.max(searched + 1, extent.firstSequence);
  await stream.each(from, extent.lastSequence, (message) => {
    const next = trusted.get(message.channel)?.next;
    if (next !== undefined && message.sequence >= next) found.get(message.channel)?.push(message);
  });
  const doubtful = channels.filter(({ channel }) => !trusted.has(channel));
  const whole = await searchBackwards(stream, extent, doubtful, found);
  const results = new Map<string, Reconciled>();
  for (const { channel, cursor, acknowledged, journal } of channels) {
    const held = trusted.get(channel);
    const kept = knownCursor(cursor, journal);
    const told = knownCursor(acknowledged?.cursor, journal);
    const frontDropped = extent.firstSequence > (held?.searched ?? 0) + 1;
    const isTrue = frontDropped && told !== null &&
      acknowledged?.leadership === extent.leadership && await isConfirmed(stream, told, extent);
    // Of a stream from whose front nothing has gone, what is not found was never there. One that was
    // made anew while records were under way may hold later ones, and none before them.
    const isKnown = whole.has(channel) && !frontDropped;
    const messages = found.get(channel) ?? [];
    const resume = (matches: readonly FoundMessage[]): ResumePoint =>
      resumePoint({
        trustedNext: held?.next ?? (isKnown ? journal.oldestSequence : null),
        refuted: held !== undefined || kept === null ? null : recordBefore(kept),
        lostLate: held === undefined ? lateRecord(kept) : null,
        neededNext: isTrue ? told.next : kept?.next ?? null,
        found: [...messages, ...matches],
        frontDropped,
        journal,
      });
    const from = resume([]).next;
    const foreign = messages.filter((message) => !isOurs(message, journal));
    const matches = foreign.length === 0
      ? []
      : await storedUnderOtherIds({ stream, journal, from, foreign });
    const { next, last, skip, streamAhead } = resume(matches);
    const before = held?.stored ?? null;
    const stored = last === null || last.streamSequence <= (before?.sequence ?? 0)
      ? before
      : { sequence: last.streamSequence, messageId: last.id };
    const neededNext = Math.max(kept?.next ?? 1, told?.next ?? 1);
    const rewoundFrom = next < neededNext ? neededNext : null;
    // With messages behind a hole, the search must begin before them the next time too.
    const searched = skip.size === 0 ? extent.lastSequence : held?.searched ?? 0;
    const epoch = journal.epochOf(next - 1);
    const reached = { next, stream: name, created, searched, stored, epoch };
    results.set(channel, { cursor: reached, skip, streamAhead, rewoundFrom });
  }
  return results;
}

/** Whether anything but a refuted cursor speaks for it that the stream has lost messages from its end. */
function hasLostMessages({ cursor, acknowledged }: Compared, extent: StreamExtent): boolean {
  const isOtherLeader = (acknowledged?.leadership ?? extent.leadership) !== extent.leadership;
  return isOtherLeader || (cursor?.searched ?? 0) > extent.lastSequence;
}

/** The last sequence that a cursor has behind it; 0 when it is another journal's, or there is none. */
export function passedBefore(cursor: Cursor | undefined, journal: JournalExtent): number {
  return (knownCursor(cursor, journal)?.next ?? 1) - 1;
}

/** The cursor; `null` when it is another journal's, or there is none. */
function knownCursor(cursor: Cursor | undefined, journal: JournalExtent): Cursor | null {
  return cursor !== undefined && isOfJournal(cursor, journal) ? cursor : null;
}

/** Whether the cursor speaks of this journal, and not of one that stood in its place before. */
export function isOfJournal(cursor: Cursor, journal: JournalExtent): boolean {
  if (cursor.next > journal.lastSequence + 1) return false;
  const { sequence, epoch } = recordBefore(cursor);
  const kept = journal.epochOf(sequence);
  return kept === null || kept === epoch;
}

function recordBefore({ next, stored, epoch }: Cursor): PassedRecord {
  const before = { sequence: next - 1, epoch };
  // In the stream it may have another id than in the journal.
  const isNamed = epoch !== null || stored === null;
  return isNamed ? before : parseMessageId(stored.messageId) ?? before;
}

/** The record that stands last in the stream before the cursor, when that is an older one, stored again. */
function lateRecord(cursor: Cursor | null): number | null {
  const last = parseMessageId(cursor?.stored?.messageId ?? "");
  return last !== null && last.sequence < (cursor?.next ?? 1) - 1 ? last.sequence : null;
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
  if (!isSame(cursor, stream.name, extent)) return false;
  if (stored === null) return true;
  if (stored.sequence > extent.lastSequence) return false;
  if (stored.sequence < extent.firstSequence) return true;
  const id = await stream.messageId(stored.sequence);
  return id === null || id === stored.messageId;
}

/**
 * Looks for the newest messages of `channels`, in windows that double, until the last `maxInFlight`
 * sequences of each, those before its cursor where there is one, are covered, and one of them is the
 * journal's or older than it, or until the stream's start is reached. Returns the channels of which
 * every message was found.
 */
async function searchBackwards(
  stream: SubjectStream,
  extent: StreamExtent,
  channels: readonly Compared[],
  found: Map<string, FoundMessage[]>,
): Promise<ReadonlyMap<string, Compared>> {
  const open = new Map(channels.map((compared) => [compared.channel, compared]));
  let to = extent.lastSequence;
  for (let window = firstWindow; open.size > 0 && to >= extent.firstSequence; window *= 2) {
    const from = Math.max(extent.firstSequence, to - window + 1);
    await stream.each(from, to, (message) => {
      if (open.has(message.channel)) found.get(message.channel)?.push(message);
    });
    for (const [channel, { cursor, journal }] of [...open]) {
      const before = knownCursor(cursor, journal)?.next ?? Infinity;
      const messages = (found.get(channel) ?? []).filter(({ sequence }) => sequence < before);
      const newest = messages.reduce((most, { sequence }) => Math.max(most, sequence), 0);
      const oldest = Math.min(newest, lateRecord(knownCursor(cursor, journal)) ?? newest);
      const isCovered = messages.some(({ sequence }) => sequence <= oldest - maxInFlight);
      const isReached = isCovered && await reaches(messages, journal);
      if (isReached) open.delete(channel);
    }
    to = from - 1;
  }
  return open;
}

/** Whether messages behind the first of `messages` are all that the journal may know. */
async function reaches(
  messages: readonly FoundMessage[],
  journal: Compared["journal"],
): Promise<boolean> {
  if (messages.some((message) => isOurs(message, journal))) return true;
  using reader = journal.reader();
  const { records: [oldest] } = await reader.read(journal.oldestSequence, oldestRecord);
  return oldest === undefined || messages.some(({ timeMs }) => timeMs < oldest.timeMs);
}
