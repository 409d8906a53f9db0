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
    const nowMs = this.#clock.wallMs();
    for (const { key, what, expiresMs } of this.#followed) {
      const days = toldDays.findLast((limit) => expiresMs - nowMs <= limit * dayMs) ?? null;
      const before = this.#told.get(key) ?? null;
      if (days === before) continue;
      if (days === null) this.#told.delete(key);
      else this.#told.set(key, days);
      const until = new Date(expiresMs).toISOString().replace(/:\d\d\.\d+Z/, " UTC").replace(
        "T",
        " ",
      );
      const place = `${this.#section}.${key}`;
      if (days === null) {
        this.#report({
          level: "info",
          kind: "credentials_renewed",
          message: `${place}: ${what} is valid until ${until}`,
          details: { key: place, expires_ms: expiresMs },
        });
      } else if (before === null || days < before) {
        const daysLeft = Math.max(0, Math.floor((expiresMs - nowMs) / dayMs));
        const isOver = expiresMs <= nowMs;
        this.#report({
          level: isOver ? "error" : "warning",
          kind: isOver ? "credentials_expired" : "credentials_expire",
          message: isOver
            ? `${place}: ${what} has expired, on ${until}`
            : `${place}: ${what} expires in ${daysLeft} days, on ${until}`,
          hint: "put a new one in the file; it is used as soon as it is there",
          details: { key: place, expires_ms: expiresMs, days_left: daysLeft },
        });
      }
    }
  }
}
