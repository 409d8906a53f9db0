// The box that a simulated life of a journal runs on: its disk, its clock and timers, and a plug
// that is pulled before a disk call that was chosen beforehand.

import assert from "node:assert/strict";
import type { JournalOptions } from "../../src/journal/journal_options.ts";
import type { Clock } from "../../src/platform/clock.ts";
import type { Report } from "../../src/platform/notice.ts";
import { jsonHeader } from "../../src/telemetry/json_lines.ts";
import { Random } from "../../src/simulate/random.ts";
import type { CrashCommand, CrashPlan } from "./crash_commands.ts";
import { FakeTime } from "./fake_time.ts";
import { channel, journalOf, plentyOfRoom, timeMs } from "./journal_box.ts";
import type { FaultRates } from "./simulated_conditions.ts";
import { SimulatedDisk } from "./simulated_disk.ts";

type Crash = Extract<CrashCommand, { do: "crash" }>;

const folders = { logs: "/logs", state: "/state", memory: "/run/", tail: "/run/tail" };

/** The disk died; what was under way will not end. */
class Crashed extends Error {
  override readonly name = "Crashed";
}

/** Turns of the microtask queue in which anything ends that can end by itself. */
const turns = 40;
const mostRounds = 300;

export class CrashBox implements Disposable {
  disk: SimulatedDisk;
  time = new FakeTime();
  wallMs = timeMs;
  /** Nothing fails. */
  healthy = true;
  /** Something has failed before. */
  hasFailed = false;
  /** Disk calls so far, over all lives. */
  calls = 0;
  readonly #plan: CrashPlan;
  /** Called at the last moment before a crash. */
  readonly #beforeCrash: () => void;
  #monotonicMs = 0;
  #boot = 0;
  #armed: Crash | null = null;
  #callsLeft = 0;

  constructor(plan: CrashPlan, beforeCrash: () => void) {
    this.#plan = plan;
    this.#beforeCrash = beforeCrash;
    const { seed, sectorBytes, byteOrder, nameOrder } = plan;
    const random = new Random(seed ^ 0x5eed);
    this.disk = new SimulatedDisk({
      random: () => random.next(),
      folders: [folders.logs, folders.state, folders.tail],
      memory: [folders.memory],
      sectorBytes,
      byteOrder,
      nameOrder,
    });
    this.heal();
  }

  /** Lets time pass. */
  tick(ms: number): void {
    this.#monotonicMs += ms;
    this.time.tick(ms);
  }

  get dead(): boolean {
    return this.disk.conditions.dead;
  }

  [Symbol.dispose](): void {
    this.time[Symbol.dispose]();
  }

  /** Timers of the process before are gone. */
  clearTimers(): void {
    this.time[Symbol.dispose]();
    this.time = new FakeTime();
  }

  /** A crash will come. */
  arm(crash: Crash): void {
    this.#armed = crash;
    this.#callsLeft = crash.call;
    if (crash.call === 0) this.disk.conditions.die();
  }

  disarm(): void {
    this.#armed = null;
  }

  /** After a crash: the process, or the box, starts again. Returns whether the power was gone. */
  restart(): boolean {
    const crash = this.#armed;
    this.#armed = null;
    const power = crash?.power === true;
    if (power) {
      this.#boot += 1;
      this.disk = this.disk.powerCut();
      this.disk.makeFolder(folders.tail);
    } else {
      const { hasAnswered } = this.disk.conditions;
      this.disk = this.disk.kill({ hasAnswered });
    }
    this.heal();
    if (crash !== null && crash.faults !== null) this.fail(crash.faults);
    return power;
  }

  heal(): void {
    const { conditions } = this.disk;
    conditions.heal();
    this.healthy = true;
    conditions.before = () => {
      this.calls += 1;
      if (this.#armed === null || --this.#callsLeft > 0) return;
      this.#beforeCrash();
      conditions.die();
      throw new Crashed();
    };
  }

  fail(faults: FaultRates): void {
    this.disk.conditions.faults = faults;
    this.healthy = false;
    this.hasFailed = true;
  }

  fill(freeBytes: number): void {
    this.disk.conditions.capacityBytes = this.disk.usedBytes + freeBytes;
    this.healthy = false;
    this.hasFailed = true;
  }

  turnReadOnly(): void {
    this.disk.conditions.readOnly = true;
    this.healthy = false;
    this.hasFailed = true;
  }

  /** Lets pass what it takes until `promise` is settled. @throws {Crashed} when the disk dies before */
  async settled<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    for (let round = 0; !settled; round++) {
      assert.ok(round < mostRounds, "this never ends");
      if (round > 0) {
        this.disk.conditions.completeSyncs();
        this.tick(100);
      }
      for (let turn = 0; turn < turns && !settled; turn++) await null;
      if (this.dead) throw new Crashed();
    }
    return await promise;
  }

  /** Lets end what ends by itself. */
  async pass(): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await null;
  }

  journalOptions(report: Report): JournalOptions {
    const { maxSegmentBytes, maxBackups, sync, feedsInside = false } = this.#plan;
    const { jsonLines = false } = this.#plan;
    const clock: Clock = {
      wallMs: () => this.wallMs,
      monotonicMs: () => this.#monotonicMs,
      delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    };
    return {
      ...journalOf(channel),
      ...jsonLines ? { name: "events", recordHeader: jsonHeader } : {},
      folder: folders.logs,
      statePath: `${folders.state}/journal.json`,
      ...plentyOfRoom(folders.tail),
      boot: `boot ${this.#boot}`,
      maxSegmentBytes,
      maxBackups,
      compress: false,
      holders: ["sink"],
      sync,
      feedsInside,
      disk: this.disk,
      clock,
      report,
    };
  }
}
