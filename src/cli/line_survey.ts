// What a line that is listened to has shown: how its characters arrived, what was concluded from them
// step by step and why, and what would be recorded. Pure but for the clock: it is told what was read.

import type { Clock } from "../platform/clock.ts";
import type { Decision } from "../source/serial/detection.ts";
import { describeLine, describeReceiver } from "../source/serial/detection_words.ts";
import { MarkDecoder } from "../source/serial/mark_decoder.ts";
import type { SerialLine } from "../source/serial/serial_line.ts";
import type { Run } from "../source/source.ts";
import { type HeardRecord, HeardRecords } from "./heard_records.ts";

/** Silence after which the service, too, records what it has for now; its default. */
const idleMs = 5000;

/** So much more is listened to when it is known what the line is. */
const enough = { records: 3, characters: 400 };

/** Kept for the report. */
const mostSteps = 100;
const mostSamples = 5;

/** How characters arrived, as the UART told, whatever it was set to. */
export interface Arrivals {
  readonly whole: number;
  /** With a wrong stop bit, or a wrong parity where the UART looks at it. */
  readonly damaged: number;
  readonly breaks: number;
  /** Different ones. */
  readonly distinct: number;
}

/** Something that was concluded. */
export interface SurveyStep {
  /** Since the start. */
  readonly seconds: number;
  readonly kind: Decision["kind"] | "mismatch";
  readonly why: string;
}

export interface SurveyNews {
  readonly steps: readonly SurveyStep[];
  readonly records: readonly HeardRecord[];
}

export class LineSurvey {
  readonly line: SerialLine;
  readonly #clock: Clock;
  readonly #isSet: boolean;
  readonly #startMs: number;
  readonly #marks = new MarkDecoder();
  readonly #arrived = { whole: 0, damaged: 0, breaks: 0 };
  readonly #distinct = new Set<number>();
  readonly #records = new HeardRecords();
  #steps: readonly SurveyStep[] = [];
  #samples: readonly HeardRecord[] = [];
  #goodCharacters = 0;
  #recordCount = 0;
  #lastByteMs: number;
  #isIdle = true;
  /** What the line is like: found, contradicted, or neither yet. */
  #state: "open" | "found" | "mismatch" = "open";
  /** What had come when that was known. */
  #known = { records: 0, characters: 0 };

  constructor(options: {
    readonly line: SerialLine;
    /** The line's settings are given, and only judged. */
    readonly isSet: boolean;
    readonly clock: Clock;
  }) {
    this.line = options.line;
    this.#isSet = options.isSet;
    this.#clock = options.clock;
    this.#startMs = options.clock.monotonicMs();
    this.#lastByteMs = this.#startMs;
  }

  get seconds(): number {
    return (this.#clock.monotonicMs() - this.#startMs) / 1000;
  }

  get arrived(): Arrivals {
    return { ...this.#arrived, distinct: this.#distinct.size };
  }

  /** Characters that would stand in records, and arrived whole. */
  get goodCharacters(): number {
    return this.#goodCharacters;
  }

  get steps(): readonly SurveyStep[] {
    return this.#steps;
  }

  /** The last records. */
  get samples(): readonly HeardRecord[] {
    return this.#samples;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** It is known what the line is, and a few records more have come. */
  get isEnough(): boolean {
    const { records, characters } = this.#known;
    return this.#state !== "open" && (this.#recordCount - records >= enough.records ||
      this.line.counts.characters - characters >= enough.characters);
  }

  /** Takes what one read brought. */
  push(bytes: Uint8Array): SurveyNews {
    this.#lastByteMs = this.#clock.monotonicMs();
    this.#isIdle = false;
    for (const { kind, byte } of this.#marks.push(bytes)) {
      this.#arrived[kind === "byte" ? "whole" : kind === "break" ? "breaks" : "damaged"]++;
      if (kind !== "break") this.#distinct.add(byte);
    }
    const before = this.line.mismatch;
    const { runs, decisions } = this.line.push({ bytes, timeMs: this.#clock.wallMs() });
    const records = this.#take(runs);
    const steps = [
      ...decisions.map(({ kind, why }, at) => this.#step(kind, why + this.#target(decisions[at]))),
      ...this.#compare(before),
    ];
    this.#steps = [...this.#steps, ...steps].slice(-mostSteps);
    return { steps, records };
  }

  /** Time goes by: what is to be recorded for now, when the line has fallen silent. */
  idle(): readonly HeardRecord[] {
    if (this.#isIdle || this.#clock.monotonicMs() - this.#lastByteMs < idleMs) return [];
    this.#isIdle = true;
    return this.#settle("for_now");
  }

  /** No more comes. */
  end(): readonly HeardRecord[] {
    return this.#settle("at_all");
  }

  #settle(quiet: "for_now" | "at_all"): HeardRecord[] {
    const ended = this.#take(this.line.settle(quiet));
    const open = this.#records.flush();
    this.#keep(open);
    return [...ended, ...open];
  }

  #take(runs: readonly Run[]): HeardRecord[] {
    for (const { bytes, damaged } of runs) if (!damaged) this.#goodCharacters += bytes.length;
    const records = this.#records.push(runs);
    this.#keep(records);
    return records;
  }

  #keep(records: readonly HeardRecord[]): void {
    this.#recordCount += records.length;
    this.#samples = [...this.#samples, ...records].slice(-mostSamples);
  }

  /** What there is to say of settings that are given, of which the line itself decides nothing. */
  #compare(before: string | null): SurveyStep[] {
    const { found, mismatch } = this.line;
    const was = this.#state;
    this.#state = mismatch !== null ? "mismatch" : found !== null ? "found" : "open";
    if (this.#state !== was) {
      this.#known = { records: this.#recordCount, characters: this.line.counts.characters };
    }
    if (mismatch !== null) return mismatch === before ? [] : [this.#step("mismatch", mismatch)];
    if (!this.#isSet || this.#state === was) return [];
    if (found !== null) return [this.#step("accept", `the line is as set: ${describeLine(found)}`)];
    return [this.#step("lost", "the line is not any more as set")];
  }

  /** Where a decision leads to: `; listening at 1200 8N1`. */
  #target(decision: Decision | undefined): string {
    return decision?.kind === "try" ? `; listening at ${describeReceiver(decision.receiver)}` : "";
  }

  #step(kind: SurveyStep["kind"], why: string): SurveyStep {
    return { seconds: this.seconds, kind, why };
  }
}
