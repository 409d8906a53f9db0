// How much of what comes over a line is damaged, minute by minute, and when that is too much. Pure.
// Counted are characters of which the sender's parity or stop bit was wrong, and breaks: also where
// the driver counts nothing, or is not set to check a parity that is checked here.

import type { Notice } from "../../platform/notice.ts";

/** What came in one minute. */
export interface QualityMinute {
  readonly good: number;
  readonly bad: number;
}

const nothing: QualityMinute = { good: 0, bad: 0 };

const minuteMs = 60_000;
const keptMinutes = 60;

/** Minutes that a judgement looks back. */
const judgedMinutes = 10;

/** Fewer characters are no ground for a judgement. */
const minCharacters = 200;

/** Shares of damaged characters at which a line counts as noisy, and as clean again. */
const noisyFrom = 0.005;
const cleanBelow = 0.001;

export class LineQuality {
  readonly #device: string;
  #minutes: QualityMinute[] = [nothing];
  #minute: number | null = null;
  #isNoisy = false;

  constructor(options: { readonly device: string }) {
    this.#device = options.device;
  }

  /** Of the last hour, oldest first; the last one is not over yet. */
  get minutes(): readonly QualityMinute[] {
    return this.#minutes;
  }

  get isNoisy(): boolean {
    return this.#isNoisy;
  }

  /**
   * Takes what came since the last call, and returns what there is to tell. What comes while settings
   * are looked for, and shortly before, says nothing of the line.
   */
  push(
    heard: QualityMinute & { readonly monotonicMs: number; readonly isDetecting?: boolean },
  ): Notice[] {
    this.#advance(Math.floor(heard.monotonicMs / minuteMs));
    const { good, bad } = this.#minutes.pop() ?? nothing;
    if (heard.isDetecting === true) {
      this.#minutes.push(nothing);
      return [];
    }
    this.#minutes.push({ good: good + heard.good, bad: bad + heard.bad });
    return this.#judge();
  }

  #advance(minute: number): void {
    const passed = Math.min(minute - (this.#minute ?? minute), keptMinutes);
    this.#minute = minute;
    for (let i = 0; i < passed; i++) this.#minutes.push(nothing);
    this.#minutes = this.#minutes.slice(-keptMinutes);
  }

  #judge(): Notice[] {
    const judged = this.#minutes.slice(-judgedMinutes);
    const bad = judged.reduce((sum, minute) => sum + minute.bad, 0);
    const all = judged.reduce((sum, minute) => sum + minute.good, bad);
    const share = bad / all;
    if (all < minCharacters) return [];
    if (!this.#isNoisy && share >= noisyFrom) {
      this.#isNoisy = true;
      return [{
        level: "warning",
        kind: "line_noisy",
        message: `${this.#device}: ${bad} of the last ${all} characters arrived damaged`,
        hint: "look at the cable, its shield and its length, and keep it away from power lines; " +
          "records with damaged characters are marked",
        details: { bad, all },
      }];
    }
    if (!this.#isNoisy || share >= cleanBelow) return [];
    this.#isNoisy = false;
    return [{
      level: "info",
      kind: "line_clean",
      message: `${this.#device}: the line is clean again`,
      details: { bad, all },
    }];
  }
}
