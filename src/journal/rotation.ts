// Exchanges the active segment for a coming one. The coming one is made under `.next` names and
// appended to at once; that is all that happens in the turn. What takes time follows step by step:
// the old segment and the coming one are synced, then the old one is renamed away, then the coming
// one takes its names, with the folder synced between. A power cut between any two steps leaves
// names that tell how far it went (interrupted_rotation.ts finishes it).

import type { Disk } from "../platform/disk.ts";
import type { LineHeader } from "../line_header.ts";
import { ActiveSegment } from "./active_segment.ts";
import { freeRotatedBase, type RotatedSegment } from "./rotated_segment.ts";
import { endOfFormer, type IndexHeader } from "./segment_index.ts";

export interface RotationOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly channel: string;
  readonly recordHeader: LineHeader;
  /** Of the coming segment. */
  readonly header: IndexHeader;
  readonly wallMs: number;
  /** What was appended to until now. */
  readonly former: ActiveSegment;
  /**
   * The former one stands in this folder and is put away, its open record excepted; else the coming
   * one takes over all that it holds.
   */
  readonly formerIsHere: boolean;
}

/** A step of a rotation: blocking, and off the turn where that makes a difference. */
interface Step {
  readonly now: () => void;
  readonly soon?: () => Promise<void>;
}

export class Rotation {
  /** The segment that was active before, if it stood in this folder. */
  readonly old: ActiveSegment | null;
  /** The same as long as it waits for its names; `null` when it holds no record. */
  readonly oldRotating: RotatedSegment | null;
  /** The same under its names. */
  readonly oldRotated: RotatedSegment | null;
  readonly coming: ActiveSegment;
  readonly #steps: Step[];
  #comingIsNamed = false;

  /** Makes the coming segment. @throws {Error} what the disk threw; the former one goes on */
  constructor(options: RotationOptions) {
    const { disk, folder, channel, former, formerIsHere } = options;
    if (formerIsHere) former.cutBack();
    const base = `${folder}/${channel}`;
    const { count } = former.extent;
    const old = formerIsHere ? former : null;
    const rotated = freeRotatedBase(options, former.header.firstSequence, options.wallMs);
    this.old = old;
    this.oldRotating = old === null || count === 0 ? null : old.firstRecords(count, "rotating");
    this.oldRotated = this.oldRotating && { ...this.oldRotating, base: rotated, place: "disk" };
    const from = formerIsHere ? count : 0;
    // Numbers that are skipped now, or were before a segment without records: it goes.
    const end = count > 0 ? former.nextSequence : endOfFormer(former.header);
    const isTold = old === null || count === 0 && end === former.header.firstSequence;
    const header = isTold ? options.header : { ...options.header, previousSequence: end - 1 };
    const coming = ActiveSegment.begin({ ...options, header, base: `${base}.next`, from });
    this.coming = coming;
    const syncFolder: Step = {
      now: () => disk.syncFolderNow(folder),
      soon: () => disk.syncFolder(folder),
    };
    this.#steps = [
      { now: () => old?.syncNow(), soon: async () => await old?.sync() },
      { now: () => coming.syncNow(), soon: () => coming.sync() },
      syncFolder,
      {
        now: () => {
          this.#comingIsNamed = true;
          if (count === 0) old?.files.remove();
          else old?.files.moveTo(rotated);
        },
      },
      syncFolder,
      { now: () => coming.files.moveTo(base) },
      syncFolder,
      // Not before: where the old one still has its names, it tells whether the coming one is whole.
      { now: () => count > 0 && old?.dropOpen() },
    ];
  }

  /** The coming segment's names survive a power cut. */
  get comingIsNamed(): boolean {
    return this.#comingIsNamed;
  }

  /**
   * Takes the steps that are left.
   * @throws {Error} what the disk threw; the next call goes on from there
   */
  async settle(): Promise<void> {
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      if (step.soon === undefined) step.now();
      else await step.soon();
      // The same step may have been taken by `settleNow` meanwhile.
      if (this.#steps[0] === step) this.#steps.shift();
    }
  }

  /** The same, before it returns. */
  settleNow(): void {
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      step.now();
      this.#steps.shift();
    }
  }

  /** Leaves the files as they stand: somebody else puts them in order. */
  abandon(): void {
    this.#steps.length = 0;
  }
}

/** Removes what a coming segment has left that the disk refused to make. */
export function sweepComing(disk: Disk, folder: string, channel: string): void {
  const log = `${folder}/${channel}.next.log`;
  const index = `${folder}/${channel}.next.idx`;
  if (disk.size(log) !== null) disk.remove(log);
  if (disk.size(index) === null) return;
  // A power cut may bring the log back, under whatever name: then its index tells what it is.
  disk.syncFolderNow(folder);
  disk.remove(index);
}
