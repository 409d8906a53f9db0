// Keeps the room that the journals may use: watches the disk, deletes what has to go, and closes the
// gate to it when nothing more can. The journals look after their files at the same pace.

import type { Clock } from "../../platform/clock.ts";
import type { Disk } from "../../platform/disk.ts";
import { errorText, type Report } from "../../platform/notice.ts";
import type { Journal } from "../journal.ts";
import type { SpaceGate } from "../journal_options.ts";
import { rotatedTimeMs } from "../segment_names.ts";
import type { TailBudget } from "../tail_budget.ts";
import { spaceLimits, type SpaceSettings } from "./space_limits.ts";
import { planSpace, type SpaceSegment } from "./space_plan.ts";
import type { SpaceStatus } from "./space_status.ts";
import { SpaceWatch } from "./space_watch.ts";

const lookMs = 1000;

export interface SpaceKeeperOptions {
  /** Of the logs. */
  readonly folder: string;
  readonly settings: SpaceSettings;
  readonly tailBudget: TailBudget;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly report: Report;
}

interface Candidate extends SpaceSegment {
  readonly giveUp: (why: string) => void;
}

export class SpaceKeeper implements SpaceGate, AsyncDisposable {
  readonly #options: SpaceKeeperOptions;
  readonly #watch: SpaceWatch;
  readonly #stop = new AbortController();
  #journals: () => readonly Journal[] = () => [];
  #dispensable: () => readonly Journal[] = () => [];
  #isClosed = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: SpaceKeeperOptions) {
    this.#options = options;
    const { folder, settings } = options;
    this.#watch = new SpaceWatch({
      ...options,
      path: folder,
      floorBytes: (totalBytes) => spaceLimits(settings, totalBytes).floorBytes,
      journalBytes: () => this.#all.reduce((sum, { bytes }) => sum + bytes, 0),
      onLook: (status) => this.#makeRoom(status),
    });
  }

  get status(): SpaceStatus {
    return this.#watch.status;
  }

  get floorBytes(): number {
    return this.#watch.status.floorBytes;
  }

  /** Below the floor, and nothing that is delivered is left to delete. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Keeps room for the journals that there are, until stopped. The dispensable hold no records. */
  start(journals: () => readonly Journal[], dispensable = this.#dispensable): void {
    this.#journals = journals;
    this.#dispensable = dispensable;
    this.#watch.start();
    this.#done = this.#lookAfter();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watch.stop();
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #lookAfter(): Promise<void> {
    const { clock, report } = this.#options;
    while (!this.#stop.signal.aborted) {
      for (const journal of this.#all) {
        try {
          journal.look();
        } catch (error) {
          const message = `${journal.name}: look after the files: ${errorText(error)}`;
          report({ level: "error", kind: "look_failed", channel: journal.name, message });
        }
      }
      await clock.delay(lookMs, this.#stop.signal);
    }
  }

  #makeRoom(status: SpaceStatus): void {
    const { settings, tailBudget } = this.#options;
    const plan = planSpace(this.#candidates(), {
      ...status,
      maxTotalBytes: spaceLimits(settings, status.totalBytes).maxTotalBytes,
      tailFull: tailBudget.isNearlyFull,
    });
    const why = status.belowFloor
      ? "the disk has less free space than must be left"
      : "the journals take more than max_total_mb";
    for (const { giveUp } of plan) giveUp(why);
    this.#isClosed = status.belowFloor && plan.length === 0;
  }

  get #all(): Journal[] {
    return [...this.#journals(), ...this.#dispensable()];
  }

  #candidates(): Candidate[] {
    const dispensable = this.#dispensable();
    return this.#all.flatMap((journal) => {
      const { name, shelf } = journal;
      const isDispensable = dispensable.includes(journal);
      return shelf.disposable.map((segment) => ({
        channel: name,
        bytes: segment.bytes,
        endedMs: rotatedTimeMs(segment.base),
        firstSequence: segment.firstSequence,
        passed: segment.lastSequence <= shelf.holders.passedSequence,
        underWay: shelf.holders.isUnderWay(segment),
        isDispensable,
        giveUp: (why: string) => shelf.giveUp(segment, why),
      }));
    });
  }
}
