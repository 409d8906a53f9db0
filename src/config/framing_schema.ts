// How a port's bytes are cut into records: one entry for each framing, with what it needs to know.

import * as z from "zod";
import { parseCharacters } from "./character_set.ts";
import { number, numberOr, yesNo } from "./field.ts";

const byteValue = { min: 1, max: 255, whole: true };
const gap = { min: 20, max: 3_600_000, whole: true, unit: "milliseconds" };
/** As many as a NATS message can hold, see `defaultMaxRecordBytes`. */
const recordLength = { min: 1, max: 1024 * 1024 - 1024, whole: true, unit: "bytes" };

const line = z.strictObject({
  mode: z.literal("line").default("line").describe("A record ends with CR, LF or CR LF"),
});

const envelope = z.strictObject({
  mode: z.literal("stx_etx").describe("A record stands between a start byte and an end byte"),
  start_byte: numberOr(2, byteValue, "Number of the byte that begins a record; 2 is STX"),
  end_byte: numberOr(3, byteValue, "Number of the byte that ends a record; 3 is ETX"),
  check_byte: yesNo(false, "Whether one more byte, to check the record by, follows the end byte"),
}).refine(({ start_byte, end_byte }) => start_byte !== end_byte, {
  error: "must be another byte than start_byte",
  path: ["end_byte"],
});

const idle = z.strictObject({
  mode: z.literal("idle").describe("A record ends when the line is silent"),
  gap_ms: numberOr(500, gap, "Silence that ends a record, in milliseconds"),
});

const fixed = z.strictObject({
  mode: z.literal("fixed").describe("All records have the same length"),
  length_bytes: number(recordLength, "Length of a record in bytes, line ends included"),
});

const continuation = z.strictObject({
  mode: z.literal("continuation").describe("A record is a line and the lines that continue it"),
  continuation_characters: characters('"&" or "& " for & and blank')
    .describe("Characters that begin a line which continues the record before it")
    .default("& \t"),
});

const pattern = z.strictObject({
  mode: z.literal("pattern").describe("A record begins with a line that is known by its beginning"),
  first_characters: characters('"-" or "0-9"')
    .describe("Characters that begin the first line of a record; no other line begins with one"),
});

/** `framing` of a port. */
export const framingSchema = z.discriminatedUnion(
  "mode",
  [line, envelope, idle, fixed, continuation, pattern],
  {
    error: (issue) =>
      issue.code === "invalid_union"
        ? 'must be "line", "stx_etx", "idle", "fixed", "continuation" or "pattern"'
        : undefined,
  },
);

/** The framing of a port, checked. */
export type FramingConfig = z.output<typeof framingSchema>;

function characters(example: string): z.ZodString {
  const error = `must be single characters, each once, such as ${example}: ` +
    "a line is known by its first one";
  return z.string({ error }).refine((text) => parseCharacters(text) !== null, { error });
}
