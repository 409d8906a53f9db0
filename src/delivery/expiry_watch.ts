// Tells in time that a certificate or a JWT of ours ends: 30 days before, 7 days, the last day, and
// when it has. And that it does not any more, when another has been put in its place.

import type { Clock } from "../platform/clock.ts";
import type { Report } from "../platform/notice.ts";
import type { Expiry } from "./credentials.ts";

const dayMs = 86_400_000;

/** Days before the end; each is told once. */
const toldDays = [30, 7, 1, 0];

export class ExpiryWatch {
  readonly #section: string;
  readonly #clock: Clock;
  readonly #report: Report;
  #followed: readonly Expiry[] = [];
  /** What was told last of each, in days. */
  readonly #told = new Map<string, number>();

  constructor(options: {
    /** Section of the configuration that names the files. */
    readonly section: string;
    readonly clock: Clock;
    readonly report: Report;
  }) {
    this.#section = options.section;
    this.#clock = options.clock;
    this.#report = options.report;
  }

  /** From now on these are watched, and no others. */
  follow(expiries: readonly Expiry[]): void {
    this.#followed = expiries;
    this.check();
  }

  /** Tells what is due. */
  check(): void {
    for (const expiry of this.#followed) {
      const leftMs = expiry.expiresMs - this.#clock.wallMs();
      const days = toldDays.findLast((limit) => leftMs <= limit * dayMs);
      const before = this.#told.get(expiry.key);
      if (days === before) continue;
      if (days === undefined) this.#told.delete(expiry.key);
      else this.#told.set(expiry.key, days);
      if (days === undefined) this.#tellRenewed(expiry);
      else if (before === undefined || days < before) this.#tellEnd(expiry, leftMs);
    }
  }

  #tellEnd({ key, what, expiresMs }: Expiry, leftMs: number): void {
    const isOver = leftMs <= 0;
    const place = `${this.#section}.${key}`;
    const ends = isOver ? "has expired, on" : `expires ${inDays(leftMs)}, on`;
    this.#report({
      level: isOver ? "error" : "warning",
      kind: isOver ? "credentials_expired" : "credentials_expire",
      message: `${place}: ${what} ${ends} ${dateText(expiresMs)}`,
      hint: "put a new one in the file; it is used as soon as it is there",
      details: { key: place, expires_ms: expiresMs },
    });
  }

  #tellRenewed({ key, what, expiresMs }: Expiry): void {
    const place = `${this.#section}.${key}`;
    this.#report({
      level: "info",
      kind: "credentials_renewed",
      message: `${place}: ${what} is valid until ${dateText(expiresMs)}`,
      details: { key: place, expires_ms: expiresMs },
    });
  }
}

function inDays(leftMs: number): string {
  const days = Math.floor(leftMs / dayMs);
  if (days === 0) return "within a day";
  return days === 1 ? "in 1 day" : `in ${days} days`;
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().replace(/^(.*)T(\d\d:\d\d).*$/, "$1 $2 UTC");
}
