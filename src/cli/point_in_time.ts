// A point in time as people write it after an option: as in a record's header, as RFC 3339, or as so
// long before now. Always UTC, unless it names another offset. Pure.

import { WrongValue } from "./option_values.ts";

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

const relative =
  /^(\d{1,9})\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)(?:\s+ago)?$/i;
const absolute =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,3})?\d*\s*(Z|[+-]\d\d:\d\d)?)?$/i;

/** What may be written, for help texts. */
export const timeForms =
  `Times are UTC, as in the records' headers, unless they name another offset:
  2025-12-03T15:04:05Z   2025-12-03T10:04:05-05:00   "2025-12-03 15:04:05.123"
  "2025-12-03 15:04"     2025-12-03 (its midnight)   now
  2h, 90min, 3d, 1w, "2h ago" (before now; s, min, h, d, w)`;

/** Milliseconds since 1970. @throws {WrongValue} with what is allowed */
export function pointInTime(text: string, nowMs: number): number {
  const trimmed = text.trim();
  if (trimmed.toLowerCase() === "now") return nowMs;
  const [, count, unit = ""] = relative.exec(trimmed) ?? [];
  if (count !== undefined) {
    return nowMs - Number(count) * (unitMs[unit[0]?.toLowerCase() ?? ""] ?? 0);
  }
  const timeMs = readAbsolute(trimmed);
  if (timeMs !== null) return timeMs;
  throw new WrongValue(
    'give a time, in UTC, such as 2025-12-03T15:04:05Z, "2025-12-03 15:04", 2025-12-03, or one ' +
      "before now, such as 2h, 90min, 3d",
  );
}

function readAbsolute(text: string): number | null {
  const [, date, minute = "00:00", second = ":00", fraction = "", zone = "Z"] =
    absolute.exec(text) ?? [];
  if (date === undefined) return null;
  const local = `${date}T${minute}${second}${fraction.padEnd(4, fraction === "" ? ".000" : "0")}`;
  const asUtc = new Date(`${local}Z`);
  // Date.parse() takes 30 February for 2 March, and 24:00 for the next day.
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString() !== `${local}Z`) return null;
  const timeMs = Date.parse(`${local}${zone.toUpperCase()}`);
  return Number.isNaN(timeMs) ? null : timeMs;
}
