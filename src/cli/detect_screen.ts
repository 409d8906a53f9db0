// What `nectarcollector detect` shows while it listens: each conclusion with its reason and each
// record as it would stand in the log, and below them how things stand.

import type { Notice } from "../platform/notice.ts";
import { describeReceiver } from "../source/serial/detection_words.ts";
import { formatModemLines, type ModemLines } from "../source/serial/modem_lines.ts";
import { counted } from "./counted.ts";
import { arrivedText } from "./detect_report.ts";
import type { HeardRecord } from "./heard_records.ts";
import { formatShare, shareLine, topShares } from "./line_shares.ts";
import type { LineSurvey, SurveyNews, SurveyStep } from "./line_survey.ts";
import type { LiveLines } from "./live_lines.ts";
import { printable } from "./printable.ts";

/** Characters of a record. */
const mostShown = 200;

const stepNames: Readonly<Record<SurveyStep["kind"], string>> = {
  try: "tries",
  accept: "found",
  lost: "lost",
  mismatch: "differs",
};

export class DetectScreen {
  readonly #lines: LiveLines;
  readonly #isLive: boolean;
  readonly #survey: LineSurvey;

  constructor(options: {
    readonly lines: LiveLines;
    /** A block that is written anew in its place; else one line now and then. */
    readonly isLive: boolean;
    readonly survey: LineSurvey;
  }) {
    this.#lines = options.lines;
    this.#isLive = options.isLive;
    this.#survey = options.survey;
  }

  tell({ steps, records }: SurveyNews): void {
    for (const { kind, why } of steps) this.#note(stepNames[kind], why);
    this.tellRecords(records);
  }

  tellRecords(records: readonly HeardRecord[]): void {
    for (const { bytes, length, damaged, partial } of records) {
      const text = printable(bytes);
      const isCut = length > bytes.length || text.length > mostShown;
      const cut = isCut ? ` … (${counted(length, "byte")})` : "";
      const marks = [...damaged ? ["damaged"] : [], ...partial ? ["no end"] : []];
      const mark = marks.length === 0 ? "" : `  (${marks.join(", ")})`;
      this.#note("record", `${text.slice(0, mostShown)}${cut}${mark}`);
    }
  }

  /** A change of the modem lines, an overrun. */
  tellNotice({ message }: Notice): void {
    this.#note("port", message);
  }

  /** What to look at, while there is nothing else to say. */
  advise(advice: readonly string[]): void {
    for (const each of advice) this.#note("check", each);
  }

  draw(signals: ModemLines): void {
    const { line, arrived, seconds } = this.#survey;
    const time = `${Math.round(seconds)} s`;
    const at = `listening at ${describeReceiver(line.receiver)}`;
    const shares = line.counts.characters === 0 ? [] : topShares(line.ranking);
    if (!this.#isLive) {
      const likely = shares.map(({ settings, share }) => `${settings} ${formatShare(share)}`);
      return this.#lines.show([
        [time, at, arrivedText(arrived), formatModemLines(signals), ...likely].join("; "),
      ]);
    }
    this.#lines.show([
      `${time.padStart(6)}  ${at}${line.found === null ? ", settings not known yet" : ""}`,
      `        ${arrivedText(arrived)}`,
      `        ${this.#readText()}`,
      `        ${formatModemLines(signals)}`,
      ...shares.map((share) => `        ${shareLine(share)}`),
    ]);
  }

  /** Leaves the last lines where they stand. */
  close(): void {
    this.#lines.close();
  }

  #readText(): string {
    const { line: { counts }, goodCharacters, recordCount } = this.#survey;
    return `of these in records: ${goodCharacters} good, ${counts.damaged} damaged; ` +
      counted(recordCount, "record");
  }

  #note(name: string, text: string): void {
    const time = `${this.#survey.seconds.toFixed(1)} s`;
    this.#lines.note(`${time.padStart(8)}  ${name.padEnd(7)}  ${text}`);
  }
}
