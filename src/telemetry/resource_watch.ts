// Keeps the process within what it may take of the machine. What the C library keeps for later is given
// back from time to time. Above its budget of memory, queues become shorter first, and when that has not helped, features are switched off: never capture. Nearly out
// of descriptors, people are told in time: a journal without a file cannot be read.

import type { Clock } from "../platform/clock.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { ProcessUse } from "../platform/process_use.ts";
import type { Restraint, RestraintLevel } from "../platform/restraint.ts";

const lookMs = 2500;
/** Looks in a row: a peak that the next collection of garbage takes away is none. */
const looksUntilShorter = 2;
/** What shorter queues give back takes time to be given back. */
const looksUntilFeatures = 24;
const looksUntilRelieved = 12;
/** Below this share of the budget it is well again. */
const relievedBelow = 0.9;
/** The first time when the start is over: reading the program leaves a fifth of all memory unused. */
const looksUntilGivenBack = 4;
const looksBetweenGivingBack = 120;
const descriptorsHigh = 0.8;
const descriptorsWell = 0.7;

export interface ResourceWatchOptions {
  readonly budgetBytes: number;
  readonly restraint: Restraint;
  /** @throws {Error} where that cannot be found out */
  readonly use: () => ProcessUse;
  /** Gives memory back that is kept for later. */
  readonly giveMemoryBack: () => void;
  readonly clock: Clock;
  readonly report: Report;
}

export class ResourceWatch implements AsyncDisposable {
  readonly #options: ResourceWatchOptions;
  readonly #stop = new AbortController();
  #looks = 0;
  #above = 0;
  #below = 0;
  /** What is wrong now; empty when nothing is. */
  #memory = "";
  #descriptors = "";
  #isBlind = false;
  readonly #watching: Promise<void>;

  constructor(options: ResourceWatchOptions) {
    this.#options = options;
    this.#watching = this.#watch();
  }

  /** What is wrong as long as it lasts, a sentence each. */
  get conditions(): string[] {
    return [this.#memory, this.#descriptors].filter((each) => each !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#look();
      await clock.delay(lookMs, signal);
    }
  }

  #look(): void {
    const { use, report, giveMemoryBack } = this.#options;
    this.#looks += 1;
    try {
      if (this.#looks % looksBetweenGivingBack === looksUntilGivenBack) giveMemoryBack();
      const found = use();
      this.#isBlind = false;
      this.#judgeMemory(found);
      this.#judgeDescriptors(found);
    } catch (error) {
      if (this.#isBlind) return;
      this.#isBlind = true;
      const message = `look at what the process takes: ${errorText(error)}`;
      report({ level: "warning", kind: "resource_watch_failed", message });
    }
  }

  #judgeMemory(use: ProcessUse): void {
    const { budgetBytes, restraint, giveMemoryBack } = this.#options;
    this.#above = use.residentBytes > budgetBytes ? this.#above + 1 : 0;
    // Before the next look, which may restrain.
    if (this.#above === 1) giveMemoryBack();
    this.#below = use.residentBytes < budgetBytes * relievedBelow ? this.#below + 1 : 0;
    if (restraint.level === "none" && this.#above >= looksUntilShorter) {
      this.#restrain("queues", use);
    } else if (restraint.level === "queues" && this.#above >= looksUntilFeatures) {
      this.#restrain("features", use);
    } else if (restraint.level !== "none" && this.#below >= looksUntilRelieved) {
      this.#restrain("none", use);
    }
  }

  #restrain(level: RestraintLevel, { residentBytes, heapBytes }: ProcessUse): void {
    const { budgetBytes, restraint, report } = this.#options;
    restraint.level = level;
    const taken = `the process takes ${megabytes(residentBytes)} of memory`;
    const details = { residentBytes, heapBytes, budgetBytes, restraint: level };
    if (level === "none") {
      this.#memory = "";
      const message = `${taken} only; queues have their usual length again`;
      return report({ level: "info", kind: "memory_recovered", message, details });
    }
    const given = level === "queues"
      ? "queues are shorter"
      : "queues are shorter, features are off";
    this.#memory = `${taken}, more than its ${megabytes(budgetBytes)}: ${given}; capture goes on`;
    report({
      level: "warning",
      kind: "memory_high",
      message: this.#memory,
      hint: "where the box has more, raise resources.memory_mb; else send the log to support",
      details,
    });
  }

  #judgeDescriptors({ descriptors: open, descriptorLimit: limit }: ProcessUse): void {
    const { report } = this.#options;
    const isTold = this.#descriptors !== "";
    const details = { open, limit };
    if (!isTold && open >= limit * descriptorsHigh) {
      this.#descriptors = `${open} files and sockets are open, and ${limit} may be`;
      report({
        level: "warning",
        kind: "descriptors_high",
        message: this.#descriptors,
        hint: `see what they are: ls -l /proc/${Deno.pid}/fd; raise LimitNOFILE= of the unit`,
        details,
      });
    } else if (isTold && open < limit * descriptorsWell) {
      this.#descriptors = "";
      const message = `${open} files and sockets are open only`;
      report({ level: "info", kind: "descriptors_recovered", message, details });
    }
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
