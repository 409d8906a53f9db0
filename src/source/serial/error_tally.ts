// Errors that a serial driver counts, told without flooding the log: the first at once, what follows
// within a minute in one sum. Pure. Characters lost to an overrun are errors; damaged ones arrive
// and are a warning.

import type { Notice } from "../../platform/notice.ts";
import type { LineCounters } from "./line_counters.ts";

export interface ErrorTallyOptions {
  /** For the messages. */
  readonly device: string;
  /** Least time between two notices of a kind. */
  readonly repeatMs: number;
}

export class ErrorTally {
  readonly #device: string;
  readonly #overruns: Tally;
  readonly #damage: Tally;

  constructor({ device, repeatMs }: ErrorTallyOptions) {
    this.#device = device;
    this.#overruns = new Tally(repeatMs);
    this.#damage = new Tally(repeatMs);
  }

  /** Takes what was counted since the last call, and returns what is to be told now. */
  add(counted: LineCounters, monotonicMs: number): Notice[] {
    const overruns = this.#overruns.add(monotonicMs, {
      overrun: counted.overrun,
      bufferOverrun: counted.bufferOverrun,
    });
    const damage = this.#damage.add(monotonicMs, {
      framing: counted.framing,
      parity: counted.parity,
      break: counted.breaks,
    });
    return [
      ...overruns === null ? [] : [overrunNotice(this.#device, overruns)],
      ...damage === null ? [] : [damageNotice(this.#device, damage)],
    ];
  }
}

type Counts = Readonly<Record<string, number>>;

/** Adds up counts until they may be told again. */
class Tally {
  readonly #repeatMs: number;
  #toldMs = -Infinity;
  #untold: Counts = {};

  constructor(repeatMs: number) {
    this.#repeatMs = repeatMs;
  }

  add(monotonicMs: number, counts: Counts): Counts | null {
    const sums = Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, (this.#untold[name] ?? 0) + count]),
    );
    const isNothing = Object.values(sums).every((sum) => sum === 0);
    if (isNothing || monotonicMs - this.#toldMs < this.#repeatMs) {
      this.#untold = sums;
      return null;
    }
    this.#untold = {};
    this.#toldMs = monotonicMs;
    return sums;
  }
}

function overrunNotice(device: string, counts: Counts): Notice {
  return {
    level: "error",
    kind: "overrun",
    message: `${device}: characters were lost: ${inWords(counts)}`,
    hint:
      "see what keeps the machine busy: top; RTS/CTS helps where the equipment obeys RTS and the " +
      "cable has that wire",
    details: counts,
  };
}

function damageNotice(device: string, counts: Counts): Notice {
  return {
    level: "warning",
    kind: "line_errors",
    message: `${device}: errors on the line: ${inWords(counts)}`,
    hint: "look at cable, earthing and line settings; breaks also come when equipment is switched",
    details: counts,
  };
}

/** `3 overrun, 1 buffer overrun` */
function inWords(counts: Counts): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name.replace("bufferO", "buffer o")}`)
    .join(", ");
}
