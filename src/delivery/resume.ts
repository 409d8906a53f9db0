// Where to go on, given what is really in the stream. Pure. Publishes go out in order and at most
// `maxInFlight` at a time, so a hole can only be among the last so many before the newest found.

import type { MessageIdentity } from "./message.ts";

/** Most records that a sink has under way at once. */
export const maxInFlight = 256;

/** A message of this channel in the stream. */
export interface FoundMessage extends MessageIdentity {
  readonly streamSequence: number;
  /** Its id in the stream. */
  readonly id: string;
  /** The record's, in milliseconds since 1970; 0 where it does not say. */
  readonly timeMs: number;
}

/** The newest record before a cursor; its epoch is `null` where nobody knows it any more. */
export interface PassedRecord {
  readonly sequence: number;
  readonly epoch: string | null;
}

/** What a journal holds, for the comparison. */
export interface JournalExtent {
  readonly epoch: string;
  readonly oldestSequence: number;
  readonly lastSequence: number;
  epochOf(sequence: number): string | null;
}

export interface ResumePoint {
  /** First sequence that is not in the stream. */
  readonly next: number;
  /** Of the records before `next` that were found, the one that stands last in the stream. */
  readonly last: FoundMessage | null;
  /** Those behind `next` that are in the stream already, by their sequences. */
  readonly skip: ReadonlyMap<number, FoundMessage>;
  /** Set when the stream has later numbers of the present epoch than the journal: the last of them. */
  readonly streamAhead: number | null;
}

/** Whether the journal holds the record under the same id. */
export function isOurs({ epoch, sequence }: MessageIdentity, journal: JournalExtent): boolean {
  return journal.epochOf(sequence) === epoch;
}

/**
 * `trustedNext` is the cursor's position when the stream confirmed it; then `found` must hold every
 * message of the channel from there on. Else `found` holds at least the newest `maxInFlight` of those
 * up to the record that the stream refuted, or all there are. A stream that has dropped its oldest
 * messages says nothing about what came before them.
 */
export function resumePoint(options: {
  readonly trustedNext: number | null;
  /**
   * The record before the cursor when the stream does not hold it any more. Others may have gone with
   * it, and any may have come behind it since. @default {null}
   */
  readonly refuted?: PassedRecord | null;
  /** A record that stood behind newer ones, stored once more, and that the stream has lost. @default {null} */
  readonly lostLate?: number | null;
  /** Nothing from there on was ever known to be stored. @default {trustedNext} */
  readonly neededNext?: number | null;
  readonly found: readonly FoundMessage[];
  /** The stream's limits or a purge have taken messages from its front that would have to be found. */
  readonly frontDropped: boolean;
  readonly journal: JournalExtent;
}): ResumePoint {
  const { trustedNext, refuted = null, found, frontDropped, journal } = options;
  const ahead = found.filter(({ epoch, sequence }) =>
    epoch === journal.epoch && sequence > journal.lastSequence
  );
  if (ahead.length > 0) {
    const streamAhead = newestOf(ahead);
    return { next: streamAhead + 1, last: null, skip: new Map(), streamAhead };
  }
  const ours = found.filter((message) => isOurs(message, journal));
  const present = new Map(ours.map((message) => [message.sequence, message]));
  let next = trustedNext ?? journal.oldestSequence;
  if (trustedNext !== null) {
    // What was dropped had been stored before: that cannot be said of what is still needed.
    const neededNext = options.neededNext ?? trustedNext;
    if (frontDropped) next = Math.max(next, Math.min(oldestOf(ours), neededNext));
  } else {
    const before = refuted === null
      ? ours
      : found.filter(({ epoch, sequence }) =>
        sequence <= refuted.sequence && (journal.epochOf(sequence) ?? refuted.epoch) === epoch
      );
    if (before.length > 0) {
      const firstKept = frontDropped ? oldestOf(before) : 0;
      next = Math.max(next, firstKept, newestOf(before) - maxInFlight + 1);
      const { lostLate = null } = options;
      // Not its front has taken it, nor those that were stored again together with it.
      if (lostLate !== null) next = Math.min(next, firstLostWith(lostLate, before));
    }
    next = Math.max(next, journal.oldestSequence);
  }
  while (present.has(next)) next += 1;
  const skip = new Map([...present].filter(([sequence]) => sequence > next));
  let last: FoundMessage | null = null;
  for (const message of ours) {
    const isLater = message.streamSequence > (last?.streamSequence ?? 0);
    if (message.sequence < next && isLater) last = message;
  }
  return { next, last, skip, streamAhead: null };
}

/** Everything before it that is not found was under way with it. */
function firstLostWith(sequence: number, found: readonly FoundMessage[]): number {
  const older = found.filter((message) => message.sequence < sequence);
  return Math.max(newestOf(older), sequence - maxInFlight) + 1;
}

function newestOf(messages: readonly FoundMessage[]): number {
  return messages.reduce((most, { sequence }) => Math.max(most, sequence), 0);
}

/** `Infinity` where there are none. */
function oldestOf(messages: readonly FoundMessage[]): number {
  return messages.reduce((least, { sequence }) => Math.min(least, sequence), Infinity);
}
