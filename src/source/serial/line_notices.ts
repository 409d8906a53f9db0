// What there is to tell of a line's settings: found, lost, or not as configured.

import type { Notice, Report } from "../../platform/notice.ts";
import type { Decision } from "./detection.ts";

/** A receiver that is further off reads characters wrong. */
const tolerance = 0.03;

export class LineNotices {
  readonly #device: string;
  readonly #report: Report;
  #mismatch: string | null = null;
  #refused: number | null = null;

  constructor(options: { readonly device: string; readonly report: Report }) {
    this.#device = options.device;
    this.#report = options.report;
  }

  tell(decisions: readonly Decision[]): void {
    for (const decision of decisions) this.#say(this.#noticeOf(decision));
  }

  /** How the line contradicts its configuration now; `null` when it does not. */
  compare(mismatch: string | null): void {
    if (mismatch === this.#mismatch) return;
    this.#mismatch = mismatch;
    this.#say(
      mismatch === null
        ? { level: "info", kind: "line_mismatch_over", message: "the line is as configured" }
        : {
          level: "warning",
          kind: "line_mismatch",
          message: mismatch,
          hint:
            "correct baud_rate, data_bits, parity and stop_bits of this port, or set baud_rate " +
            "to 0: then they are found by themselves",
        },
    );
  }

  /** What the driver made of a speed that it was asked for, in bits a second. */
  applied({ asked, taken }: { readonly asked: number; readonly taken: number }): void {
    const isTaken = Math.abs(taken / asked - 1) <= tolerance;
    const refused = isTaken ? null : asked;
    if (refused === this.#refused) return;
    this.#refused = refused;
    if (isTaken) return;
    this.#say({
      level: "error",
      kind: "speed_refused",
      message: `the port cannot be set to ${asked} bits a second, it stays at ${taken}`,
      hint: "correct baud_rate, or use an adapter that can be set so",
      details: { asked, taken },
    });
  }

  #noticeOf(decision: Decision): Notice {
    switch (decision.kind) {
      case "accept": {
        const { line, confidence, evidenceBytes } = decision;
        return {
          level: "info",
          kind: "baud_detected",
          message: `settings found: ${decision.why}`,
          details: {
            baudRate: line.baudRate,
            framing: line.framing.name,
            confidence,
            evidenceBytes,
          },
        };
      }
      case "try":
        return { level: "debug", kind: "line_tried", message: decision.why };
      case "lost":
        return { level: "warning", kind: "line_lost", message: decision.why };
    }
  }

  #say(notice: Notice): void {
    this.#report({ ...notice, message: `${this.#device}: ${notice.message}` });
  }
}
