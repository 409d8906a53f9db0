// The segments of a journal that take no more records, oldest first: finds the one that holds a
// sequence, and lets go of what nobody needs, in the background, one thing at a time. The newest that
// some sink still needs are held open: when somebody deletes them, they are still there to copy.

import type { Disk } from "../platform/disk.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { Restraint } from "../platform/restraint.ts";
import { compressLog, decompressLog } from "./compression.ts";
import { Holders } from "./holders.ts";
import { planRetention } from "./retention.ts";
import { unpackNotices } from "./unpack_report.ts";
import { filesOf, type RotatedSegment } from "./rotated_segment.ts";
import { removeLogs, removeSegment, removeSegmentNow } from "./segment_files.ts";

/** How many segments are held open at most. */
const heldSegments = 4;

export class SegmentShelf {
  readonly holders: Holders;
  readonly #disk: Disk;
  readonly #channel: string;
  readonly #maxBackups: number;
  readonly #compress: boolean;
  readonly #restraint: Restraint;
  readonly #report: Report;
  #segments: RotatedSegment[] = [];
  #work: Promise<void> = Promise.resolve();
  readonly #toRemove: string[] = [];
  #tidying = false;
  #stopped = false;

  constructor(options: {
    readonly disk: Disk;
    readonly channel: string;
    readonly maxBackups: number;
    readonly compress: boolean;
    readonly restraint?: Restraint | undefined;
    /** Who must release records before they may go. */
    readonly holders: readonly string[];
    readonly report: Report;
  }) {
    this.#disk = options.disk;
    this.#channel = options.channel;
    this.#maxBackups = options.maxBackups;
    this.#compress = options.compress;
    this.#restraint = options.restraint ?? new Restraint();
    this.holders = new Holders(options.holders);
    this.#report = options.report;
  }

  get segments(): readonly RotatedSegment[] {
    return this.#segments;
  }

  get bytesInMemory(): number {
    // Asked at every append to memory, of every port.
    return this.#segments.reduce(
      (sum, { place, bytes }) => place === "memory" ? sum + bytes : sum,
      0,
    );
  }

  /** Those on the disk that may be deleted, as far as they themselves are concerned. */
  get disposable(): RotatedSegment[] {
    return this.#segments.filter(({ place, isUncut }) => place === "disk" && isUncut === undefined);
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

  /** Holds these from now on, in this order. */
  exchange(segments: readonly RotatedSegment[]): void {
    this.#segments = [...segments];
    this.#tidy();
  }

  /** Takes in a segment that has just got its last record. */
  add(segment: RotatedSegment): void {
    this.#segments.push(segment);
    this.#tidy();
  }

  /** `former`, if it is still here, has become `segment`, or has held nothing. */
  replace(former: RotatedSegment, segment: RotatedSegment | null): void {
    this.#segments = this.#segments.flatMap((each) =>
      each !== former ? [each] : segment === null ? [] : [segment]
    );
    this.#tidy();
  }

  /** What the segment that begins with `firstSequence` held beyond what counts is cut off. */
  noteCut(firstSequence: number): void {
    this.#segments = this.#segments.map((segment) => {
      const { isUncut, ...cut } = segment;
      return isUncut && segment.firstSequence === firstSequence ? cut : segment;
    });
    this.#tidy();
  }

  /** `holder` has no more need of records up to `sequence`. */
  release(holder: string, sequence: number): void {
    const before = this.holders.releasedSequence;
    this.holders.release(holder, sequence);
    if (this.#segments.length > 0 && this.holders.releasedSequence !== before) this.#tidy();
  }

  /** Lets a segment go before its time, and tells exactly what that costs. */
  giveUp(segment: RotatedSegment, why: string): void {
    const { firstSequence, place } = segment;
    const letGo = (remove: (base: string) => void): void => {
      const found = this.#segments.find((each) =>
        each.firstSequence === firstSequence && each.place === place
      );
      if (found === undefined) return;
      remove(found.base);
      found.files?.close();
      this.#forget(found, why);
    };
    if (place === "memory") return letGo((base) => removeSegmentNow(this.#disk, base));
    // It may be being packed.
    this.#inBackground(async () => {
      letGo((base) => {
        removeLogs(this.#disk, base);
        this.#toRemove.push(base);
      });
      await this.#removeThose();
    });
  }

  /**
   * Lets the oldest segment in memory go that is not just on its way to a sink, or else the oldest;
   * false when there is none but `kept`.
   */
  giveUpOldest(kept: RotatedSegment | null): boolean {
    const mayGo = this.#inMemory.filter((each) => each !== kept);
    const segment = mayGo.find((each) => !this.holders.isUnderWay(each)) ?? mayGo[0];
    if (segment === undefined) return false;
    this.giveUp(segment, "the disk takes none, and the memory for them is full");
    return true;
  }

  /** Segments whose files were deleted: those still held open are to be copied, the others are lost. */
  noticeVanished(): void {
    try {
      for (const segment of this.#segments) {
        if (segment.place === "disk") this.#noticeWhereFilesAre(segment);
      }
    } catch {
      // A disk that cannot even be asked is noticed by the next sync.
    }
  }

  /** Makes the compressed segment that begins with `firstSequence` readable again. */
  async unpack(firstSequence: number): Promise<void> {
    await this.#exclusively(async () => {
      const segment = this.#segments.find((each) => each.firstSequence === firstSequence);
      if (segment === undefined || !segment.compressed) return;
      const unpacked = await decompressLog(this.#disk, segment.base);
      this.#changePacking(segment, false);
      for (const notice of unpackNotices(this.#disk, segment, unpacked)) this.#report(notice);
    });
  }

  /** Finishes what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
    for (const { files } of this.#segments) files?.close();
  }

  #noticeWhereFilesAre(segment: RotatedSegment): void {
    if (segment.files === undefined) {
      if (filesOf(this.#disk, segment).length < 2) this.#forget(segment, "its files are gone");
    } else if (!segment.files.areHere()) {
      this.replace(segment, { ...segment, place: "unsettled" });
    }
  }

  get #inMemory(): RotatedSegment[] {
    return this.#segments.filter(({ place }) => place === "memory");
  }

  #forget(segment: RotatedSegment, why: string): void {
    this.#segments = this.#segments.filter((each) => each !== segment);
    if (segment.count === 0) return;
    const from = Math.max(segment.firstSequence, this.holders.passedSequence + 1);
    const to = segment.lastSequence;
    const lost = to - from + 1;
    if (lost > 0) {
      this.#report({
        level: "error",
        kind: "records_lost",
        message: `${this.#channel}: records ${from}–${to} are lost before delivery: ${why}`,
        details: { from, to, records: lost },
      });
    } else {
      const first = segment.firstSequence;
      this.#report({
        level: "warning",
        kind: "records_not_kept",
        message: `${this.#channel}: records ${first}–${to}, all delivered, are not kept: ${why}`,
        details: { from: first, to, records: segment.count },
      });
    }
  }

  #tidy(): void {
    this.#closeNeedless();
    if (this.#tidying || this.#stopped) return;
    this.#tidying = true;
    this.#inBackground(() => {
      this.#tidying = false;
      return this.#applyRetention();
    });
  }

  #inBackground(task: () => void | Promise<void>): void {
    this.#exclusively(async () => await task()).catch((error) => {
      this.#report({
        level: "warning",
        kind: "retention_failed",
        message: `${this.#channel}: tidy rotated logs: ${errorText(error)}`,
      });
    });
  }

  /** Closes what was held open for a sink that has it now, or that is too old to be held. */
  #closeNeedless(): void {
    const held = this.#segments.filter(({ place, files }) => place === "disk" && files);
    const newest = new Set(held.slice(-heldSegments));
    this.#segments = this.#segments.map((segment) => {
      const { files, ...closed } = segment;
      const needed = segment.place !== "disk" || files === undefined ||
        newest.has(segment) && segment.lastSequence > this.holders.releasedSequence;
      if (!needed) files.close();
      return needed ? segment : closed;
    });
  }

  async #applyRetention(): Promise<void> {
    const plan = planRetention(this.disposable, {
      maxBackups: this.#maxBackups,
      compress: this.#compress,
      releasedSequence: this.holders.releasedSequence,
    });
    // Nobody reads what may be half gone.
    this.#segments = this.#segments.filter((each) => !plan.remove.includes(each));
    this.#toRemove.push(...plan.remove.map(({ base }) => base));
    await this.#removeThose();
    for (const segment of plan.compress) {
      if (this.#stopped || this.#restraint.postponesWork) return;
      if (!this.#segments.includes(segment)) continue;
      await compressLog(this.#disk, segment.base);
      this.#changePacking(segment, true);
    }
  }

  /** What is on no shelf any more. What the disk does not let go is tried again. */
  async #removeThose(): Promise<void> {
    for (let base = this.#toRemove[0]; base !== undefined; base = this.#toRemove[0]) {
      await removeSegment(this.#disk, base);
      this.#toRemove.shift();
    }
  }

  #changePacking(segment: RotatedSegment, compressed: boolean): void {
    const bytes = filesOf(this.#disk, segment).reduce((sum, file) => sum + file.bytes, 0);
    this.replace(segment, { ...segment, compressed, bytes });
  }

  /** Runs `task` after those before it. */
  #exclusively(task: () => Promise<void>): Promise<void> {
    const done = this.#work.then(task);
    this.#work = done.catch(() => undefined);
    return done;
  }
}
