// The kinds of value that a configuration key can hold. Each states in one phrase, "must be …",
// what it takes; fault.ts puts the key in front of it. The original service read 0 as "not set",
// so where a number has a default, 0 stands for it; "" and null are dropped before (syntax.ts).

import * as z from "zod";

/** The numbers that a key takes, limits included. */
export interface Range {
  readonly min: number;
  readonly max: number;
  /** Whether fractions are refused. @default false */
  readonly whole?: boolean;
  /** What the number counts, for messages, such as `seconds`. */
  readonly unit?: string;
  /** Replaces the sentence that is made from the other members. */
  readonly mustBe?: string;
}

/** A token of a NATS subject: no dots, wildcards, white space or control characters. */
const token = "[^\\s.*>\\p{Cc}]+";
const tokenPattern = new RegExp(`^${token}$`, "u");
const subjectPattern = new RegExp(`^${token}(\\.${token})*$`, "u");

/** A number that falls back to `value` when it is absent or 0. */
export function numberOr(
  value: number,
  range: Range,
  description: string,
): z.ZodDefault<z.ZodType<number>> {
  return rangedNumber(range, description, { default: value })
    .transform((found) => found === 0 ? value : found)
    .default(value);
}

/** A number that may be absent; 0 counts as absent. */
export function optionalNumber(
  range: Range,
  description: string,
): z.ZodOptional<z.ZodType<number | undefined>> {
  return rangedNumber(range, description, {})
    .transform((found) => found === 0 ? undefined : found)
    .optional();
}

/** A number or one word instead of it; may be absent, and 0 counts as absent. */
export function optionalNumberOr<Word extends string>(
  word: Word,
  range: Range,
  description: string,
): z.ZodOptional<z.ZodType<number | Word | undefined>> {
  const error = `${mustBeIn(range)}, or "${word}"`;
  return z.union([
    z.literal(word),
    z.number({ error }).refine((found) => found === 0 || isIn(range, found), { error }),
  ], { error })
    .meta({
      description,
      anyOf: [
        { enum: [word, 0] },
        { type: range.whole ? "integer" : "number", minimum: range.min, maximum: range.max },
      ],
    })
    .transform((found) => found === 0 ? undefined : found)
    .optional();
}

/** A required number; `range` says whether 0 is one of them. */
export function number(range: Range, description: string): z.ZodNumber {
  const error = mustBeIn(range);
  return z.number({ error }).refine((found) => isIn(range, found), { error }).meta({
    description,
    type: range.whole ? "integer" : "number",
    minimum: range.min,
    maximum: range.max,
  });
}

/** A text that has to match `pattern`. */
export function text(pattern: RegExp, mustBe: string, description: string): z.ZodString {
  return z.string({ error: mustBe }).regex(pattern, { error: mustBe }).meta({ description });
}

/** Any text, such as a name or the path of a file. */
export function freeText(description: string): z.ZodString {
  return z.string().meta({ description });
}

/** One token of a NATS subject. */
export function subjectToken(description: string): z.ZodString {
  const mustBe = "must be one token of a NATS subject: no dots, spaces, * or >";
  return text(tokenPattern, mustBe, description);
}

/** One or more tokens of a NATS subject, with dots between them. */
export function subject(description: string): z.ZodString {
  const mustBe = "must be a NATS subject: words with single dots between them, no spaces, * or >";
  return text(subjectPattern, mustBe, description);
}

export function yesNo(value: boolean, description: string): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().meta({ description }).default(value);
}

/** NATS servers: one URL, several with commas between them, or a list of URLs. */
export function serverUrls(description: string): z.ZodType<string[]> {
  const error = "must be a NATS server such as nats://localhost:4222 or tls://hub.example.org:4222";
  return z.union([z.string(), z.array(z.string())], { error: `${error}, or a list of them` })
    .transform((found) => (typeof found === "string" ? found.split(",") : found))
    .transform((urls) => urls.map((url) => url.trim()))
    .pipe(z.array(z.string().refine(isServerUrl, { error })).min(1, { error }))
    .meta({ description });
}

/** Files that prove who is who on a TLS connection. */
export function tlsFiles(): z.ZodObject<{
  ca_file: z.ZodOptional<z.ZodString>;
  cert_file: z.ZodOptional<z.ZodString>;
  key_file: z.ZodOptional<z.ZodString>;
}> {
  return z.strictObject({
    ca_file: freeText("PEM file of the authority that the other side is checked against")
      .optional(),
    cert_file: freeText("PEM file of our own certificate").optional(),
    key_file: freeText("PEM file of our certificate's private key").optional(),
  });
}

function rangedNumber(
  range: Range,
  description: string,
  more: Readonly<Record<string, unknown>>,
): z.ZodNumber {
  const error = mustBeIn(range);
  return z.number({ error }).refine((found) => found === 0 || isIn(range, found), { error }).meta({
    description,
    type: range.whole ? "integer" : "number",
    anyOf: [{ const: 0 }, { minimum: range.min, maximum: range.max }],
    ...more,
  });
}

function isIn(range: Range, found: number): boolean {
  if (range.whole && !Number.isInteger(found)) return false;
  return found >= range.min && found <= range.max;
}

function mustBeIn(range: Range): string {
  if (range.mustBe !== undefined) return range.mustBe;
  const kind = range.whole ? "a whole number" : "a number";
  const unit = range.unit === undefined ? "" : ` ${range.unit}`;
  return `must be ${kind} from ${range.min} to ${range.max}${unit}`;
}

function isServerUrl(found: string): boolean {
  const url = URL.parse(found);
  if (url === null) return false;
  if (url.protocol !== "nats:" && url.protocol !== "tls:") return false;
  return url.hostname !== "" && (url.pathname === "" || url.pathname === "/") && url.search === "";
}
