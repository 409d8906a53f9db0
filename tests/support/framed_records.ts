// What a framer makes of a stream, put together again so that assertions can compare it, and streams
// in which the bytes that framings look at are frequent.

import fc from "fast-check";
import type { FramingConfig } from "../../src/config/framing_schema.ts";
import type { Fragment, Framer, FramerStart } from "../../src/framer/framer.ts";
import type { RecordEnd } from "../../src/record.ts";
import { bytesOf, textOf } from "./journal_box.ts";

/** A record's bytes, one character each, and its end; `null` while it is open. */
export type FramedRecord = [string, RecordEnd | null];

/** Where nothing has been read yet. */
export const atStart: FramerStart = {
  openBytes: null,
  lastEnd: null,
  readOpen: () => new Uint8Array(0),
};

/** Where a journal would stand that holds these records. */
export function startBehind(records: readonly FramedRecord[]): FramerStart {
  const last = records.at(-1);
  if (last === undefined) return atStart;
  const [text, end] = last;
  if (end !== null) return { ...atStart, lastEnd: end };
  const open = bytesOf(text);
  return { openBytes: open.length, lastEnd: records.at(-2)?.[1] ?? null, readOpen: () => open };
}

/** Fragments put together behind what came before. */
export function joined(
  fragments: readonly Fragment[],
  before: readonly FramedRecord[] = [],
): FramedRecord[] {
  const records: FramedRecord[] = [...before];
  for (const { bytes, end } of fragments) {
    const isOpen = records.at(-1)?.[1] === null;
    const [text] = isOpen ? records.pop() ?? [""] : [""];
    records.push([text + textOf(bytes), end]);
  }
  return records;
}

/** What a framer makes of these reads; `"…"` stands for a silence. */
export function framed(framer: Framer, reads: readonly string[]): FramedRecord[] {
  return joined(
    reads.flatMap((text) => text === "…" ? framer.flush("idle") : framer.push(bytesOf(text))),
  );
}

/** One of each framing that keeps all bytes. */
export const framings: readonly FramingConfig[] = [
  { mode: "stx_etx", start_byte: 2, end_byte: 3, check_byte: false },
  { mode: "stx_etx", start_byte: 2, end_byte: 3, check_byte: true },
  { mode: "idle", gap_ms: 500 },
  { mode: "fixed", length_bytes: 7 },
  { mode: "continuation", continuation_characters: "& \t" },
  { mode: "pattern", first_characters: "-" },
];

/** Of a framing, to name a test by. */
export function nameOf(framing: FramingConfig): string {
  const check = framing.mode === "stx_etx" && framing.check_byte ? " with check byte" : "";
  return framing.mode + check;
}

/** A stream of any length, one character a byte. */
export function stream(maxLength: number): fc.Arbitrary<string> {
  const byte = fc.constantFrom(..."\r\n\0\x02\x03\x05&- \tab[\x7f\x8d\xff", "\r\n", "\r\n");
  return fc.array(byte, { maxLength }).map((bytes) => bytes.join(""));
}
