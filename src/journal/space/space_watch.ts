// Looks once a second at the file system that the journals are on, and tells who has to act. One
// look at a time: a file system that hangs, as over a network, must not gather looks; then, and
// when it refuses, the last figures stay and say how old they are.

import type { Clock } from "../../platform/clock.ts";
import type { Disk, DiskSpace } from "../../platform/disk.ts";
import { errorText, type Report } from "../../platform/notice.ts";
import { ShrinkRate } from "./shrink_rate.ts";
import { SpaceAlarm } from "./space_alarm.ts";
import { spaceLevel, type SpaceStatus } from "./space_status.ts";

const intervalMs = 1000;
/** A look that takes longer is told as a file system that does not answer. */
const overdueMs = 5000;
/** How long a stop waits for a look that is under way. */
const stopMs = 1000;

type Figures = Omit<SpaceStatus, "ageMs" | "problem">;

export interface SpaceWatchOptions {
  /** Folder on the file system in question. */
  readonly path: string;
  /** Free space to be left on a file system of so many bytes. Asked at each look: disks can grow. */
  readonly floorBytes: (totalBytes: number) => number;
  /** What all journals take now, in bytes. */
  readonly journalBytes: () => number;
  readonly disk: Pick<Disk, "space">;
  readonly clock: Clock;
  readonly report: Report;
  /** Free space fell below the floor, or is clear of it again. What it throws is reported. */
  readonly onFloor?: (belowFloor: boolean) => void;
  /** After each look that was answered, and after `onFloor`. What it throws is reported. */
  readonly onLook?: (status: SpaceStatus) => void;
}

export class SpaceWatch implements AsyncDisposable {
  readonly #options: SpaceWatchOptions;
  readonly #alarm: SpaceAlarm;
  readonly #rate = new ShrinkRate();
  readonly #stop = new AbortController();
  #figures: Figures = {
    level: "enough",
    belowFloor: false,
    totalBytes: 0,
    freeBytes: 0,
    floorBytes: 0,
    journalBytes: 0,
    fullInMs: null,
  };
  /** When the figures were taken. */
  #takenMs: number | null = null;
  #problem: string | null = null;
  #complained = false;
  /** The look that is under way. */
  #looking: Promise<void> | null = null;
  #begunMs = -Infinity;
  #started = false;

  constructor(options: SpaceWatchOptions) {
    this.#options = options;
    this.#alarm = new SpaceAlarm(options);
  }

  get status(): SpaceStatus {
    const nowMs = this.#options.clock.monotonicMs();
    return {
      ...this.#figures,
      ageMs: this.#takenMs === null ? null : nowMs - this.#takenMs,
      problem: this.#problem,
    };
  }

  /** Free space fell below the floor and has not risen clear of it again. */
  get belowFloor(): boolean {
    return this.#figures.belowFloor;
  }

  /** Looks now, and then once a second until stopped. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#run();
  }

  /**
   * Resolves when there are figures no older than a second, or the file system refused them. Looks
   * only when the last look is older than that. Does not return while the file system hangs.
   */
  async look(): Promise<void> {
    if (this.#looking !== null) return await this.#looking;
    if (this.#options.clock.monotonicMs() - this.#begunMs < intervalMs) return;
    await this.#begin();
  }

  /** Stops looking. Waits a moment for a look that is under way; what it finds is not told. */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#looking === null) return;
    const over = new AbortController();
    await Promise.race([this.#looking, this.#options.clock.delay(stopMs, over.signal)]);
    over.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#looking === null) void this.#begin();
      else if (clock.monotonicMs() - this.#begunMs >= overdueMs) {
        this.#complain(`no answer for ${overdueMs / 1000} seconds`);
      }
      await clock.delay(intervalMs, signal);
    }
  }

  #begin(): Promise<void> {
    this.#begunMs = this.#options.clock.monotonicMs();
    this.#looking = this.#lookNow().finally(() => this.#looking = null);
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    const { disk, path } = this.#options;
    try {
      const space = await disk.space(path);
      if (this.#stop.signal.aborted) return;
      this.#take(space);
      this.#complained = false;
    } catch (error) {
      this.#complain(errorText(error));
    }
  }

  #take({ totalBytes, freeBytes }: DiskSpace): void {
    const { clock, journalBytes, onFloor, onLook } = this.#options;
    const floorBytes = this.#options.floorBytes(totalBytes);
    const nowMs = clock.monotonicMs();
    this.#rate.add(nowMs, freeBytes);
    const { bytesPerMs } = this.#rate;
    const left = Math.max(0, freeBytes - floorBytes);
    const fullInMs = bytesPerMs > 0 ? left / bytesPerMs : null;
    const room = { totalBytes, freeBytes, floorBytes, fullInMs };
    const level = spaceLevel(this.#figures.level, room);
    const belowFloor = level === "below_floor";
    const changed = belowFloor !== this.#figures.belowFloor;
    this.#figures = { ...room, level, belowFloor, journalBytes: journalBytes() };
    this.#takenMs = nowMs;
    this.#problem = null;
    const { status } = this;
    this.#alarm.look(status);
    if (changed) onFloor?.(belowFloor);
    onLook?.(status);
  }

  /** Says once what is wrong, until a look goes well. */
  #complain(why: string): void {
    this.#problem = why;
    if (this.#complained || this.#stop.signal.aborted) return;
    this.#complained = true;
    this.#options.report({
      level: "warning",
      kind: "disk_watch_failed",
      message: `watch the free space of ${this.#options.path}: ${why}`,
      hint: "check the disk: dmesg, df -h, mount",
    });
  }
}
