// Whether a message in a stream is the record that it says it is, byte for byte and header for
// header. Pure.

import { crc32 } from "node:zlib";
import type { RecordHeader } from "../record.ts";
import type { IndexEntry } from "../journal/segment_index.ts";
import { messageHeaders, type RecordFacts } from "./message.ts";

/** A message as it was read back. */
export interface ReadMessage {
  readonly streamSequence: number;
  /** The value of a header; empty when there is none. */
  readonly header: (name: string) => string;
  readonly payload: Uint8Array;
  /** When the stream stored it, in milliseconds since 1970. */
  readonly storedMs: number;
}

const markHeader = "Nectar-Mark";

/** In which headers the message differs from the record's; empty when in none. */
export function headerDifferences(
  channel: string,
  record: RecordFacts,
  { header }: Pick<ReadMessage, "header">,
): string[] {
  const wanted = new Map(messageHeaders(channel, record));
  if (!wanted.has(markHeader)) wanted.set(markHeader, "");
  // An index that was made anew from the log does not know how the record ended.
  if (record.end === "recovered") wanted.delete(markHeader);
  return [...wanted].flatMap(([name, value]) => {
    const found = header(name);
    if (found === value) return [];
    if (found === "") return [`header ${name} is missing`];
    return [`header ${name} is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`];
  });
}

/** What differs in the bytes; `null` when nothing does. */
export function byteDifference(line: Uint8Array, payload: Uint8Array): string | null {
  const at = line.findIndex((byte, i) => byte !== payload[i]);
  if (at < 0 && line.length === payload.length) return null;
  const lengths = `${payload.length} in the stream, ${line.length} in the journal`;
  if (at >= 0 && at < payload.length) {
    return `bytes: they differ from byte ${at + 1} on (${lengths})`;
  }
  return `bytes: ${lengths}`;
}

/** What a record's index entry says of its bytes; `null` when they are no record's. */
export function contentOf(
  { payload }: ReadMessage,
  recordHeader: RecordHeader,
): Pick<IndexEntry, "timeMs" | "length" | "checksum"> | null {
  const timeMs = recordHeader.read(payload, 0);
  if (timeMs === null) return null;
  return { timeMs, length: payload.length, checksum: crc32(payload) };
}

/** The same by the index alone, for a record that has been passed. */
export function entryDifference(entry: IndexEntry, payload: Uint8Array): string | null {
  if (entry.length === payload.length && crc32(payload) === entry.checksum) return null;
  return `bytes: ${payload.length} in the stream, ${entry.length} in the journal, with another checksum`;
}
