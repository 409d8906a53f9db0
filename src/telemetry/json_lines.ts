// Objects as the lines of a journal: what the journal writes in front of every record, its time, is
// the beginning of the object here, so that each line is JSON and nothing else:
// `{"ts":"2025-12-03T15:04:05.123Z",…}`

import { LineHeader } from "../line_header.ts";

/** `{"ts":"2025-12-03T15:04:05.123Z",` */
export const jsonHeader: LineHeader = new LineHeader({
  before: '{"ts":"',
  between: "T",
  behind: 'Z",',
});

const encoder = new TextEncoder();

/** What stands behind the header of an object with `fields`, of which there must be one. */
export function jsonBehindHeader(fields: Readonly<Record<string, unknown>>): Uint8Array {
  return encoder.encode(JSON.stringify(fields).slice(1));
}
