// A record as a NATS message: its id, by which JetStream and we ourselves recognise it for ever,
// and its headers. Pure.

import { type JournalRecord, recordMark } from "../record.ts";

/** Which record of which channel a message is. */
export interface MessageIdentity {
  /** `{fips}-{side}`; `events` or `health` for what a box tells of itself */
  readonly channel: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** What headers tell of a record. */
export type RecordFacts = Omit<JournalRecord, "line"> & Partial<Pick<JournalRecord, "line">>;

/** `{fips}-{side}/{epoch}/{sequence}` */
export function formatMessageId({ channel, epoch, sequence }: MessageIdentity): string {
  return `${channel}/${epoch}/${sequence}`;
}

/** The identity in a message id, or `null` when it is not one of ours. */
export function parseMessageId(id: string): MessageIdentity | null {
  const match = /^(\d{10}-[AB]\d{1,2}|events|health)\/([0-9a-f]{32})\/([1-9]\d{0,15})$/.exec(id);
  const [, channel, epoch, sequence] = match ?? [];
  if (channel === undefined || epoch === undefined) return null;
  return { channel, epoch, sequence: Number(sequence) };
}

/**
 * The headers of a record's message. `Nectar-Mark` only where bytes may stand elsewhere or arrived
 * damaged: `partial; idle`, `damaged`, `cut; too_long; damaged`.
 */
export function messageHeaders(
  channel: string,
  record: RecordFacts,
): [string, string][] {
  const { epoch, sequence, timeMs, end, damaged } = record;
  const headers: [string, string][] = [
    ["Nats-Msg-Id", formatMessageId({ channel, epoch, sequence })],
    ["Nectar-Channel", channel],
    ["Nectar-Sequence", String(sequence)],
    ["Nectar-Time", new Date(timeMs).toISOString()],
  ];
  const mark = recordMark(end);
  const marks = [...mark === "whole" ? [] : [mark, end], ...damaged ? ["damaged"] : []];
  if (marks.length > 0) headers.push(["Nectar-Mark", marks.join("; ")]);
  return headers;
}

/** Names the record that a message is a copy of; the original never has it. */
export const replayHeader = "Nectar-Replay-Of";

/**
 * The headers of a copy of a record, published again on `subject`. Its message id is no record's, so
 * that nobody takes it for the original, and the same for the same copy, so that one that is
 * published twice is stored once.
 */
export function replayHeaders(
  channel: string,
  record: RecordFacts,
  subject: string,
): [string, string][] {
  const id = formatMessageId({ channel, ...record });
  const [, ...facts] = messageHeaders(channel, record);
  return [["Nats-Msg-Id", `replay/${subject}/${id}`], [replayHeader, id], ...facts];
}

/** What headers and payload count against a server's `max_payload`, in bytes. */
export function messageBytes(headers: readonly [string, string][], payload: Uint8Array): number {
  const preamble = "NATS/1.0\r\n\r\n".length;
  return headers.reduce(
    (sum, [name, value]) => sum + name.length + value.length + ": \r\n".length,
    preamble + payload.length,
  );
}
