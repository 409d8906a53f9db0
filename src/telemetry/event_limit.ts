// Holds back events of a kind that comes over and over, so that a storm of them fills neither disk
// nor network: so many a minute of each kind and channel, and then how many more there were. What is
// held back stands in the operational log.

import type { Notice } from "../platform/notice.ts";

export const burst = 20;
export const windowMs = 60_000;

/** What came of one kind from one channel since a window began. */
interface Window {
  readonly startMs: number;
  count: number;
  /** What was held back, as one notice. */
  suppressed: Suppressed | null;
}

interface Suppressed {
  readonly last: Notice;
  readonly count: number;
  /** Of all together, where each was about a range of sequences. */
  readonly range: Range | null;
}

interface Range {
  readonly from: number;
  readonly to: number;
  /** How many of them it is about, where that is told. */
  readonly records: number;
}

export class EventLimit {
  readonly #windows = new Map<string, Window>();

  /** Whether the notice may become an event. Times are of the monotonic clock. */
  take(notice: Notice, nowMs: number): boolean {
    const key = `${notice.kind} ${notice.channel ?? ""}`;
    const window = this.#windows.get(key) ?? { startMs: nowMs, count: 0, suppressed: null };
    this.#windows.set(key, window);
    window.count += 1;
    if (window.count <= burst) return true;
    window.suppressed = added(window.suppressed, notice);
    return false;
  }

  /** What is to be told at `nowMs` of what was held back: of windows that are over. */
  due(nowMs: number): Notice[] {
    const notices: Notice[] = [];
    for (const [key, { startMs, suppressed }] of this.#windows) {
      if (nowMs - startMs < windowMs) continue;
      this.#windows.delete(key);
      if (suppressed !== null) notices.push(summaryOf(suppressed));
    }
    return notices;
  }
}

function added(before: Suppressed | null, notice: Notice): Suppressed {
  const range = rangeOf(notice);
  if (before === null) return { last: notice, count: 1, range };
  const both = before.range === null || range === null ? null : {
    from: Math.min(before.range.from, range.from),
    to: Math.max(before.range.to, range.to),
    records: before.range.records + range.records,
  };
  return { last: notice, count: before.count + 1, range: both };
}

function rangeOf({ details = {} }: Notice): Range | null {
  const { from, to, records } = details;
  if (typeof from !== "number" || typeof to !== "number") return null;
  return { from, to, records: typeof records === "number" ? records : to - from + 1 };
}

function summaryOf({ last, count, range }: Suppressed): Notice {
  return {
    ...last,
    message: `${count} more within a minute; the last: ${last.message}`,
    details: { ...last.details, suppressed: count, ...range },
  };
}
