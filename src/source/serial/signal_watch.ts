// Whether something is connected to a serial port, from its modem lines over time. Pure. Equipment
// that is switched on holds at least one of CTS, DSR and DCD up, also while it is quiet; when all
// that were on go off together, the cable was pulled or the equipment switched off.
//
// A three-wire cable carries no such line, and some equipment drops them and goes on sending. There
// the lines tell nothing: the state is unknown and nothing is ever said to be lost. RI is no sign of
// a signal, for it is off most of the time.

import type { Notice } from "../../platform/notice.ts";
import { ErrorTally } from "./error_tally.ts";
import { countedSince, type LineCounters } from "./line_counters.ts";
import type { LineLevel, ModemLines } from "./modem_lines.ts";
import { SteadyLevel } from "./steady_level.ts";

/** `unknown`: the lines do not tell whether anything is connected. */
export type SignalState = "unknown" | "signal" | "no_signal";

/** What a port shows at one moment; taken about once a second. */
export interface SignalReading {
  readonly monotonicMs: number;
  readonly lines: ModemLines;
  /** `null` where the driver does not count. */
  readonly counters: LineCounters | null;
  /** Characters read since the last reading: whole ones, and damaged ones with breaks. */
  readonly goodCharacters: number;
  readonly badCharacters: number;
}

export interface SignalWatchOptions {
  /** For the messages. */
  readonly device: string;
  /**
   * How long a line must keep its new level. Plugs bounce for milliseconds, and whoever moves a plug
   * over takes a second.
   * @default {1000}
   */
  readonly settleMs?: number;
  /** Least time between two notices of line errors. @default {60000} */
  readonly repeatMs?: number;
}

type LineName = keyof ModemLines;

const signalNames: readonly LineName[] = ["cts", "dsr", "dcd"];
const names: readonly LineName[] = [...signalNames, "ri"];

/**
 * So many whole characters, with all lines off and none damaged in between, come from a sender: a
 * pulled cable that hums hardly makes them, and the shortest record has more.
 */
const senderCharacters = 16;

/** One port's signal. It outlives a re-open of the port, whose readings in between are unknown. */
export class SignalWatch {
  readonly #device: string;
  readonly #levels: Readonly<Record<LineName, SteadyLevel>>;
  readonly #errors: ErrorTally;
  #state: SignalState = "unknown";
  #counters: LineCounters | null = null;
  /** The signal lines that were on after the last reading. */
  #on: readonly LineName[] = [];
  /** Whole characters without a damaged one since all lines are off; `null` while one is on. */
  #heardWhileOff: number | null = null;

  constructor({ device, settleMs = 1000, repeatMs = 60_000 }: SignalWatchOptions) {
    this.#device = device;
    this.#levels = {
      cts: new SteadyLevel(settleMs),
      dsr: new SteadyLevel(settleMs),
      dcd: new SteadyLevel(settleMs),
      ri: new SteadyLevel(settleMs),
    };
    this.#errors = new ErrorTally({ device, repeatMs });
  }

  get state(): SignalState {
    return this.#state;
  }

  /** Takes the next reading, and returns what it has to tell. The first one only sets out from. */
  push(reading: SignalReading): Notice[] {
    const { monotonicMs, lines } = reading;
    const counted = this.#count(reading.counters);
    const changed = names.filter((name) =>
      this.#levels[name].push({ monotonicMs, level: lines[name], changes: counted?.[name] ?? 0 })
    );
    this.#listen(reading);
    return [
      ...this.#follow(changed),
      ...counted === null ? [] : this.#errors.add(counted, monotonicMs),
    ];
  }

  /** What was counted since the last reading that had counters; `null` when this cannot be told. */
  #count(counters: LineCounters | null): LineCounters | null {
    const before = this.#counters;
    this.#counters = counters ?? before;
    return counters === null || before === null ? null : countedSince(before, counters);
  }

  #listen({ lines, goodCharacters, badCharacters }: SignalReading): void {
    const levels = signalNames.map((name) => lines[name]);
    if (levels.includes("on") || !levels.includes("off")) this.#heardWhileOff = null;
    // What came before the first reading that shows them off may have come before they fell.
    else if (this.#heardWhileOff === null || badCharacters > 0) this.#heardWhileOff = 0;
    else this.#heardWhileOff += goodCharacters;
  }

  #follow(changed: readonly LineName[]): Notice[] {
    const before = this.#on;
    this.#on = signalNames.filter((name) => this.#levels[name].level === "on");
    const isHeard = (this.#heardWhileOff ?? 0) >= senderCharacters;
    const isChanged = changed.some((name) => signalNames.includes(name));
    const others = changed.filter((name) => !signalNames.includes(name));
    if (this.#on.length > 0) {
      const isBack = this.#state !== "signal" && isChanged;
      this.#state = "signal";
      return isBack
        ? [this.#detected(`${listed(this.#on)} on`), ...this.#changes(others)]
        : this.#changes(changed);
    }
    if (this.#state === "signal" && !isHeard) {
      this.#state = "no_signal";
      return [this.#lost(before), ...this.#changes(others)];
    }
    if (this.#state === "no_signal" && isHeard) {
      this.#state = "unknown";
      return [this.#detected("characters arrive, with all lines off"), ...this.#changes(changed)];
    }
    if (this.#state === "signal") this.#state = "unknown";
    return this.#changes(changed);
  }

  #lost(lines: readonly LineName[]): Notice {
    return {
      level: "warning",
      kind: "signal_lost",
      message: `${this.#device}: signal lost: ${listed(lines)} went off`,
      hint: "look whether the cable is plugged in at both ends and the equipment is switched on",
      details: { lines: listed(lines) },
    };
  }

  #detected(how: string): Notice {
    return {
      level: "info",
      kind: "signal_detected",
      message: `${this.#device}: signal detected: ${how}`,
      details: { lines: listed(this.#on) },
    };
  }

  #changes(lines: readonly LineName[]): Notice[] {
    return lines.map((line) => {
      const level: LineLevel = this.#levels[line].level;
      return {
        level: "info",
        kind: "line_changed",
        message: `${this.#device}: ${line.toUpperCase()} went ${level}`,
        details: { line, level },
      };
    });
  }
}

/** `CTS, DSR` */
function listed(lines: readonly LineName[]): string {
  return lines.map((line) => line.toUpperCase()).join(", ");
}
