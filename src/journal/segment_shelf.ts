// The rotated segments of a journal, oldest first: finds the one that holds a sequence, and lets
// go of what nobody needs, in the background, one thing at a time.

import type { Disk } from "../platform/disk.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { compressLog, decompressLog } from "./compression.ts";
import { planRetention } from "./retention.ts";
import { removeRotatedSegment, type RotatedSegment } from "./rotated_segment.ts";

export class SegmentShelf {
  readonly #disk: Disk;
  readonly #channel: string;
  readonly #maxBackups: number;
  readonly #compress: boolean;
  readonly #report: Report;
  readonly #released: Map<string, number>;
  #segments: RotatedSegment[];
  #work: Promise<void> = Promise.resolve();
  #tidying = false;
  #stopped = false;

  constructor(options: {
    readonly disk: Disk;
    readonly channel: string;
    readonly segments: readonly RotatedSegment[];
    readonly maxBackups: number;
    readonly compress: boolean;
    /** Who must release records before they may go. */
    readonly holders: readonly string[];
    readonly report: Report;
  }) {
    this.#disk = options.disk;
    this.#channel = options.channel;
    this.#segments = [...options.segments];
    this.#maxBackups = options.maxBackups;
    this.#compress = options.compress;
    this.#released = new Map(options.holders.map((holder) => [holder, 0]));
    this.#report = options.report;
  }

  get segments(): readonly RotatedSegment[] {
    return this.#segments;
  }

  /** The segment that holds `sequence`, or else the first one behind it. */
  find(sequence: number): RotatedSegment | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const segment = this.#segments[middle];
      if (segment !== undefined && segment.lastSequence < sequence) low = middle + 1;
      else high = middle;
    }
    return this.#segments.slice(low).find((segment) => segment.count > 0);
  }

  /** Takes in a segment that has just been rotated. */
  add(segment: RotatedSegment): void {
    this.#segments.push(segment);
    this.#tidy();
  }

  /** `holder` has no more need of records up to `sequence`. */
  release(holder: string, sequence: number): void {
    const before = this.#releasedSequence();
    this.#released.set(holder, sequence);
    const oldest = this.#segments[0];
    if (oldest !== undefined && this.#releasedSequence() !== before) this.#tidy();
  }

  /** Makes the compressed segment that begins with `firstSequence` readable again. */
  async unpack(firstSequence: number): Promise<void> {
    await this.#exclusively(async () => {
      const segment = this.#segments.find((each) => each.firstSequence === firstSequence);
      if (segment === undefined || !segment.compressed) return;
      await decompressLog(this.#disk, segment.base);
      this.#replace(segment, { ...segment, compressed: false });
    });
  }

  /** Finishes what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  #releasedSequence(): number {
    return Math.min(...this.#released.values());
  }

  #tidy(): void {
    if (this.#tidying || this.#stopped) return;
    this.#tidying = true;
    this.#exclusively(() => {
      this.#tidying = false;
      return this.#applyRetention();
    }).catch((error) => {
      this.#report({
        level: "warning",
        kind: "retention_failed",
        message: `${this.#channel}: tidy rotated logs: ${errorText(error)}`,
      });
    });
  }

  async #applyRetention(): Promise<void> {
    const plan = planRetention(this.#segments, {
      maxBackups: this.#maxBackups,
      compress: this.#compress,
      releasedSequence: this.#releasedSequence(),
    });
    for (const segment of plan.remove) {
      removeRotatedSegment(this.#disk, segment);
      this.#segments = this.#segments.filter((each) => each !== segment);
    }
    for (const segment of plan.compress) {
      if (this.#stopped) return;
      await compressLog(this.#disk, segment.base);
      this.#replace(segment, { ...segment, compressed: true });
    }
  }

  #replace(old: RotatedSegment, segment: RotatedSegment): void {
    this.#segments = this.#segments.map((each) => each === old ? segment : each);
  }

  /** Runs `task` after those before it. */
  #exclusively(task: () => Promise<void>): Promise<void> {
    const done = this.#work.then(task);
    this.#work = done.catch(() => undefined);
    return done;
  }
}
