// A watch over free space whose figures, failures and time the test decides.

import assert from "node:assert/strict";
import { SpaceWatch } from "../../src/journal/space/space_watch.ts";
import type { DiskSpace } from "../../src/platform/disk.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { HandClock } from "./hand_clock.ts";

/** A watch over a disk of 10,000 bytes with a floor of 800 and a margin of 100. */
export class SpaceBench implements AsyncDisposable {
  freeBytes = 5000;
  journalBytes = 300;
  totalBytes = 10_000;
  /** What asking for the space throws, if anything. */
  refusal: Error | null = null;
  /** While set, the disk answers when this resolves. */
  hang: Promise<void> | null = null;
  /** Thrown by the listener of looks. */
  mistake: Error | null = null;
  looks = 0;
  readonly notices: Notice[] = [];
  /** What the listeners were told, in order. */
  readonly told: string[] = [];
  readonly clock = new HandClock();
  readonly watch: SpaceWatch;

  constructor() {
    this.watch = new SpaceWatch({
      path: "/logs",
      floorBytes: (totalBytes) => totalBytes * 0.08,
      journalBytes: () => this.journalBytes,
      disk: { space: (path) => this.#space(path) },
      clock: this.clock,
      report: (notice) => this.notices.push(notice),
      onFloor: (belowFloor) => this.told.push(belowFloor ? "below" : "above"),
      onLook: ({ freeBytes }) => {
        this.told.push(`${freeBytes}`);
        if (this.mistake !== null) throw this.mistake;
      },
    });
  }

  get kinds(): string[] {
    return this.notices.map(({ kind }) => kind);
  }

  /** Lets so many looks pass with so much free space. */
  async look(freeBytes: number, times = 1): Promise<void> {
    this.freeBytes = freeBytes;
    await this.clock.advance(1000 * times);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch.stop();
  }

  async #space(path: string): Promise<DiskSpace> {
    assert.equal(path, "/logs");
    this.looks += 1;
    await this.hang;
    if (this.refusal !== null) throw this.refusal;
    return { totalBytes: this.totalBytes, freeBytes: this.freeBytes };
  }
}
