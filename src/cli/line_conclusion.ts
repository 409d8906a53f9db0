// What is concluded of a line that was listened to, in a technician's words, and what to look at
// where nothing came of it. Pure.

import { describeLine } from "../source/serial/detection_words.ts";
import type { Suspect } from "../source/serial/line_scores.ts";
import type { ModemLines } from "../source/serial/modem_lines.ts";
import type { LineCounts } from "../source/serial/serial_line.ts";
import { counted } from "./counted.ts";
import type { Arrivals } from "./line_survey.ts";

export interface LineFindings {
  /** As it was named on the command line. */
  readonly device: string;
  readonly seconds: number;
  readonly arrived: Arrivals;
  readonly counts: LineCounts;
  /** Would stand in records, and arrived whole. */
  readonly goodCharacters: number;
  /** The last that was seen of them. */
  readonly signals: ModemLines;
  /** Settings that were given to be judged. */
  readonly asked: string | null;
  readonly found: Suspect | null;
  readonly mismatch: string | null;
  /** That were tried. */
  readonly baudRates: readonly number[];
}

/**
 * `found`: what the line is. `as_set`: it is what was given. `mismatch`: it is not. `silent`: nothing
 * arrived. `too_little`: something, from which nothing can be told yet. `unclear`: much that fits
 * nothing.
 */
export type Verdict = "found" | "as_set" | "mismatch" | "silent" | "too_little" | "unclear";

export interface Conclusion {
  readonly verdict: Verdict;
  /** A sentence. */
  readonly text: string;
  /** What to look at, the likeliest first. */
  readonly advice: readonly string[];
}

/** Settings are found in fewer, nearly always. */
const plentyCharacters = 400;

/** As many different ones have to come, see detection_thresholds.ts. */
const fewDistinct = 10;

/** More damage than this is worth a word. */
const usualDamage = 0.01;

export function conclude(findings: LineFindings): Conclusion {
  const { arrived, found, mismatch, asked, seconds } = findings;
  const characters = arrived.whole + arrived.damaged + arrived.breaks;
  const time = `${Math.round(seconds)} s`;
  if (mismatch !== null) {
    return { verdict: "mismatch", text: mismatch, advice: adviceOnMismatch(findings) };
  }
  if (found !== null) {
    const text = asked === null
      ? `the line is ${describeLine(found)}`
      : `the line is as set: ${describeLine(found)}`;
    const verdict = asked === null ? "found" : "as_set";
    return { verdict, text, advice: adviceOnFound(findings) };
  }
  if (characters === 0) {
    return { verdict: "silent", text: `no byte in ${time}`, advice: adviceOnSilence(findings) };
  }
  const came = `${counted(characters, "character")} in ${time}`;
  if (characters < plentyCharacters) {
    return {
      verdict: "too_little",
      text: `${came} are too few to tell what the line is`,
      advice: [
        `make calls, or wait for them: ${plentyCharacters} characters are nearly always enough`,
        ...adviceOnArrivals(findings),
      ],
    };
  }
  return {
    verdict: "unclear",
    text: `${came} fit no settings`,
    advice: [...adviceOnArrivals(findings), ...adviceOnTraffic(findings)],
  };
}

/** What the modem lines say about the other end. */
export function readSignals({ cts, dsr, dcd }: ModemLines): string {
  const levels = { CTS: cts, DSR: dsr, DCD: dcd };
  const named = (level: string): string[] =>
    Object.entries(levels).filter(([, each]) => each === level).map(([name]) => name);
  const on = named("on");
  const off = named("off");
  if (on.length > 0) {
    const rest = off.length === 0
      ? ""
      : `; ${isOrAre(off)} off, which does not keep equipment from sending`;
    return `${isOrAre(on)} on: something is plugged in and switched on${rest}`;
  }
  if (off.length > 0) {
    return `${isOrAre(off)} off: nothing is plugged in, the equipment is off, or the cable has ` +
      "only three wires";
  }
  return "the driver tells no modem lines: whether anything is plugged in cannot be seen";
}

function adviceOnSilence({ signals }: LineFindings): string[] {
  const isOn = [signals.cts, signals.dsr, signals.dcd].includes("on");
  const printing =
    "equipment: is its printer port (CDR, SMDR) switched on, and is it this socket? " +
    "It prints when a call ends: make one";
  const crossing =
    "null modem: if the data wires are crossed at neither end, or at both, nothing " +
    "arrives: try with a null modem adapter, or without";
  const cable = "cable: is it plugged in at both ends, and the equipment switched on?";
  const isRaised = signals.dsr !== "unknown";
  return [
    readSignals(signals),
    ...isOn ? [printing, crossing] : [cable, crossing, printing],
    ...isRaised
      ? [
        "DTR and RTS are raised, for equipment that waits for them; a cable with three wires does " +
        "not carry them: bridge them in the equipment's plug",
      ]
      : [],
  ];
}

function adviceOnFound({ counts, goodCharacters, found }: LineFindings): string[] {
  const bad = counts.damaged + counts.breaks;
  const all = goodCharacters + bad;
  return [
    ...bad > usualDamage * all
      ? [
        `damage: ${bad} of ${all} characters arrived damaged: look at cable, earthing, and what ` +
        "lies beside the cable",
      ]
      : [],
    ...found?.framing.topBitVaries === true
      ? ["text whose top bit is now set, now not: taken only for want of anything better"]
      : [],
    ...counts.undecodable > 0
      ? [
        `${counted(counts.undecodable, "character")} came before the speed was known: with it in ` +
        "the configuration none is lost at the start",
      ]
      : [],
  ];
}

function adviceOnMismatch({ device }: LineFindings): string[] {
  return [`to find out what it is: nectarcollector detect ${device}`];
}

/** What can be told from how characters arrived, whatever they mean. */
function adviceOnArrivals({ arrived, baudRates }: LineFindings): string[] {
  const { whole, damaged, breaks, distinct } = arrived;
  const all = whole + damaged + breaks;
  if (breaks > all / 2) {
    return [
      `mostly breaks: the line is slower than ${Math.min(...baudRates)} baud, or rests at the ` +
      "wrong level: wires 2 and 3, RS-422 or a logic level instead of RS-232",
    ];
  }
  if (distinct < fewDistinct) {
    return [
      `only ${counted(distinct, "different character")}: a heartbeat or padding; a call says more`,
    ];
  }
  return damaged > all / 5
    ? ["many characters arrived damaged: the speed is none of those tried, or the cable is bad"]
    : [];
}

function adviceOnTraffic({ baudRates }: LineFindings): string[] {
  return [
    `speeds tried: ${baudRates.join(", ")}; others are tried with --baud-rates`,
    "what is no text, as some equipment's own protocols, cannot be told from noise: if the " +
    "settings are known, configure them",
  ];
}

/** `CTS and DSR are` */
function isOrAre(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? `${last} is` : `${names.slice(0, -1).join(", ")} and ${last} are`;
}
