// A learned silence whose clocks, timers and state folder a test holds in its hand.

import { FaultGuard } from "../../src/channel/fault_guard.ts";
import { LearnedSilence } from "../../src/channel/learned_silence.ts";
import { TrafficMemory } from "../../src/channel/traffic_memory.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Disk } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { FakeTime } from "./fake_time.ts";
import { MemoryDisk } from "./memory_disk.ts";

export const trafficPath = "/state/1429010002-A1.traffic.json";

export class SilenceBench implements Disposable {
  readonly notices: Notice[] = [];
  readonly disk: Disk;
  readonly #time = new FakeTime();
  #nowMs = 5000;
  /** May be stepped. */
  wallMs: number;
  #silence: LearnedSilence;

  /** It begins to listen at once. */
  constructor(options: { readonly wallMs: number; readonly disk?: Disk }) {
    this.wallMs = options.wallMs;
    this.disk = options.disk ?? new MemoryDisk();
    this.#silence = this.#start();
  }

  get silence(): LearnedSilence {
    return this.#silence;
  }

  /** Without the beginning of learning. */
  get told(): string[] {
    return this.notices.filter(({ kind }) => kind !== "silence_learning")
      .map(({ message }) => message);
  }

  /** Lets time pass up to then, by the wall clock. */
  passUntil(wallMs: number): void {
    const ms = wallMs - this.wallMs;
    if (ms <= 0) return;
    this.#time.tick(0);
    // A timer that is due on the way finds the clocks at its own time.
    for (let restMs = ms; restMs > 0;) {
      const stepMs = Math.min(restMs, 60_000 - (this.#nowMs - 5000) % 60_000);
      this.#nowMs += stepMs;
      this.wallMs += stepMs;
      restMs -= stepMs;
      this.#time.tick(stepMs);
    }
  }

  pass(ms: number): void {
    this.passUntil(this.wallMs + ms);
  }

  /** The process stands still: no timer runs. */
  standStill(ms: number): void {
    this.#nowMs += ms;
    this.wallMs += ms;
  }

  async restart(): Promise<void> {
    await this.#silence.stop();
    this.#silence = this.#start();
  }

  [Symbol.dispose](): void {
    this.#time[Symbol.dispose]();
  }

  #start(): LearnedSilence {
    const silence = new LearnedSilence({
      guard: new FaultGuard(),
      name: "1429010002-A1",
      memory: new TrafficMemory({ disk: this.disk, path: trafficPath }),
      clock: { ...systemClock, monotonicMs: () => this.#nowMs, wallMs: () => this.wallMs },
      report: (notice) => this.notices.push(notice),
    });
    silence.listen(true);
    return silence;
  }
}
