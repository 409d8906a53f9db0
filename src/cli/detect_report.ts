// What `nectarcollector detect` has found, as it prints it at the end: for programs as it stands, for
// people in lines, with those that go into the configuration.

import type { ReceiverSettings } from "../source/serial/framing.ts";
import { formatModemLines, type ModemLines } from "../source/serial/modem_lines.ts";
import type { SourceProblem } from "../source/source.ts";
import { counted } from "./counted.ts";
import { labelled } from "./labelled.ts";
import { conclude, type LineFindings, type Verdict } from "./line_conclusion.ts";
import { formatShare, type LineShare, shareLine, topShares } from "./line_shares.ts";
import type { Arrivals, LineSurvey, SurveyStep } from "./line_survey.ts";
import { printable } from "./printable.ts";
import { bold } from "./terminal.ts";

/** What `detect --json` prints. */
export interface DetectReport {
  readonly version: 1;
  readonly device: string;
  /** What to write into the configuration as `device`. */
  readonly config_name: string;
  readonly seconds: number;
  /** It ended because the device went away. */
  readonly is_gone: boolean;
  readonly verdict: Verdict;
  readonly conclusion: string;
  readonly advice: readonly string[];
  /** Settings that were given to be judged. */
  readonly judged: string | null;
  /** As in the configuration; `null` where they were not found. */
  readonly settings: {
    readonly baud_rate: number;
    readonly data_bits: number;
    readonly parity: string;
    readonly stop_bits: number;
  } | null;
  /** Framings whose bytes arrive just the same. */
  readonly alike: readonly string[];
  /** The top ones, 0 to 1; empty while nothing has arrived. */
  readonly likeliest: readonly LineShare[];
  /** Characters as the UART told, at whatever setting. */
  readonly arrived: Arrivals;
  /** Characters as they would be recorded; `unreadable` in no record, for the speed was not known. */
  readonly read: {
    readonly good: number;
    readonly damaged: number;
    readonly breaks: number;
    readonly unreadable: number;
  };
  readonly signals: ModemLines;
  readonly steps: readonly SurveyStep[];
  readonly records: number;
  /** The last ones, what is not printable as escapes. */
  readonly samples: readonly {
    readonly text: string;
    readonly bytes: number;
    readonly damaged: boolean;
    readonly partial: boolean;
  }[];
}

/** What `detect --json` prints when the port cannot be listened to. */
export interface DetectTrouble {
  readonly version: 1;
  readonly device: string;
  readonly verdict: "port_trouble";
  readonly problem: SourceProblem;
}

export function reportSurvey(survey: LineSurvey, context: {
  readonly device: string;
  readonly configName: string;
  readonly isGone: boolean;
  readonly signals: ModemLines;
  readonly asked: string | null;
  readonly baudRates: readonly number[];
}): DetectReport {
  const { device, configName, isGone, signals, asked } = context;
  const { line, arrived, goodCharacters, seconds, steps, recordCount, samples } = survey;
  const { counts, found } = line;
  const findings: LineFindings = {
    ...context,
    seconds,
    arrived,
    counts,
    goodCharacters,
    found,
    mismatch: line.mismatch,
  };
  const { verdict, text, advice } = conclude(findings);
  const isFound = verdict === "found" || verdict === "as_set";
  return {
    version: 1,
    device,
    config_name: configName,
    seconds: Number(seconds.toFixed(1)),
    is_gone: isGone,
    verdict,
    conclusion: text,
    advice,
    judged: asked,
    settings: isFound && line.settings !== null ? configKeys(line.settings) : null,
    alike: isFound ? found?.framing.alike ?? [] : [],
    likeliest: counts.characters === 0 ? [] : topShares(line.ranking),
    arrived,
    read: {
      good: goodCharacters,
      damaged: counts.damaged,
      breaks: counts.breaks,
      unreadable: counts.undecodable,
    },
    signals,
    steps: steps.map((step) => ({ ...step, seconds: Number(step.seconds.toFixed(1)) })),
    records: recordCount,
    samples: samples.map(({ bytes, length, damaged, partial }) => ({
      text: printable(bytes),
      bytes: length,
      damaged,
      partial,
    })),
  };
}

/** The lines for people. */
export function detectLines(report: DetectReport, inColor: boolean): string[] {
  const { verdict, conclusion, likeliest, signals, advice, settings, steps, config_name } = report;
  const [top] = likeliest;
  const sure = settings === null || top === undefined ? "" : `, ${formatShare(top.share)} sure`;
  const because = verdict === "found" ? steps.findLast(({ kind }) => kind === "accept") : undefined;
  const rivals = likeliest.slice(settings === null ? 0 : 1);
  return [
    bold(`${conclusion}${sure}`, inColor),
    ...report.is_gone ? [labelled("ended", "the device went away")] : [],
    ...because === undefined ? [] : [labelled("because", because.why)],
    ...rivals.map((share, at) =>
      labelled(at > 0 ? "" : settings === null ? "likeliest" : "rivals", shareLine(share))
    ),
    labelled("arrived", `${arrivedText(report.arrived)}, in ${Math.round(report.seconds)} s`),
    ...report.read.good > 0 ? [labelled("read", readText(report))] : [],
    labelled("lines", formatModemLines(signals)),
    ...advice.map((each) => labelled("note", each)),
    ...settings === null ? [] : [
      "",
      'for an entry of "ports" in the configuration, beside its side_designation:',
      `  "device": ${JSON.stringify(config_name)},`,
      ...Object.entries(settings).map(([key, value]) => `  "${key}": ${JSON.stringify(value)},`),
      '  "enabled": true',
    ],
  ];
}

/** `412 characters: 380 whole, 30 damaged, 2 breaks` */
export function arrivedText({ whole, damaged, breaks }: Arrivals): string {
  const all = counted(whole + damaged + breaks, "character");
  return `${all}: ${whole} whole, ${damaged} damaged, ${counted(breaks, "break")}`;
}

function readText({ read, records }: DetectReport): string {
  const { good, damaged, breaks, unreadable } = read;
  const lost = unreadable === 0 ? "" : `; ${unreadable} not, at other settings`;
  return `${counted(records, "record")}: ${good} good characters, ${damaged} damaged, ` +
    `${counted(breaks, "break")}${lost}`;
}

function configKeys(settings: ReceiverSettings): NonNullable<DetectReport["settings"]> {
  const { baudRate, dataBits, parity, stopBits } = settings;
  return { baud_rate: baudRate, data_bits: dataBits, parity, stop_bits: stopBits };
}
