// Numbers for people: bytes, times and points of time.

import { describeDuration } from "../platform/duration.ts";

const units = ["B", "kB", "MB", "GB", "TB"];

/** `512 B`, `1.2 MB` */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `2025-12-03 15:04:05.123`, UTC, as in a record's header. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 23).replace("T", " ");
}

/** `90 seconds`; less than a second is one. */
export function durationText(ms: number): string {
  return ms < 2000 ? "1 second" : describeDuration(ms);
}
