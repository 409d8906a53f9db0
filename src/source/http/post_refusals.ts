// Tells of posts that were refused: the first at once, then how many it were, once a minute at most,
// however many come.

import type { Clock } from "../../platform/clock.ts";
import type { Report } from "../../platform/notice.ts";
import type { Fault } from "./http_answer.ts";

const pauseMs = 60_000;

export class PostRefusals {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #report: Report;
  #toldMs = -Infinity;
  #untold = 0;

  constructor(options: {
    /** Of the channel, for the messages. */
    readonly name: string;
    readonly clock: Clock;
    readonly report: Report;
  }) {
    this.#name = options.name;
    this.#clock = options.clock;
    this.#report = options.report;
  }

  note(from: string, { status, error, hint }: Fault): void {
    this.#untold += 1;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#toldMs < pauseMs) return;
    this.#toldMs = nowMs;
    this.#report({
      level: "warning",
      kind: "post_refused",
      message: `${this.#name}: post from ${from} refused (${status}): ${error}`,
      hint,
      details: { status, refused: this.#untold },
    });
    this.#untold = 0;
  }
}
