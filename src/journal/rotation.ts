// Exchanges the active segment for a new one. Every step can be interrupted by a power cut: the
// coming segment is whole before the old one moves, and the names tell which step was the last
// (opening.ts finishes it). A record that is open moves along. A step that the disk refuses is
// tried again; until the last one is done, nothing may be appended.

import type { Disk } from "../platform/disk.ts";
import type { RecordHeader } from "../record.ts";
import { ActiveSegment, createSegmentFiles } from "./active_segment.ts";
import type { RotatedSegment } from "./rotated_segment.ts";
import type { IndexHeader } from "./segment_index.ts";
import { rotatedBase } from "./segment_names.ts";

export interface RotationOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly channel: string;
  readonly old: ActiveSegment;
  /** Of the coming segment. */
  readonly header: IndexHeader;
  readonly wallMs: number;
  readonly recordHeader: RecordHeader;
}

export class Rotation {
  readonly #options: RotationOptions;
  readonly #steps: (() => void)[];
  readonly #rotated: RotatedSegment | null;
  #tail = new Uint8Array(0);
  #active: ActiveSegment | null = null;

  constructor(options: RotationOptions) {
    this.#options = options;
    const { disk, folder, channel, old, header } = options;
    const base = `${folder}/${channel}`;
    this.#rotated = this.#describeRotated();
    const rotated = this.#rotated?.base;
    const putAway = (ending: string): void => {
      if (rotated === undefined) disk.remove(base + ending);
      else disk.rename(base + ending, rotated + ending);
    };
    this.#steps = [
      () => this.#tail = readOpenRecord(disk, base, old),
      () => old.syncNow(),
      () => createSegmentFiles({ disk, base: `${base}.next`, header, tail: this.#tail }),
      () => disk.syncFolderNow(folder),
      () => putAway(".log"),
      () => putAway(".idx"),
      () => disk.syncFolderNow(folder),
      () => disk.rename(`${base}.next.log`, `${base}.log`),
      () => disk.rename(`${base}.next.idx`, `${base}.idx`),
      () => disk.syncFolderNow(folder),
      () => this.#active = this.#openActive(),
      () => old.dropOpen(),
    ];
  }

  /**
   * Takes the steps that are left and returns the segment that takes the old one's place, and what
   * the old one is now (`null` when it held no record and was removed). The old one is synced and
   * left open. Blocks for as long as the syncs take.
   * @throws {Error} what the disk threw; the next call goes on from there
   */
  finish(): { readonly active: ActiveSegment; readonly rotated: RotatedSegment | null } {
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      step();
      this.#steps.shift();
    }
    const active = this.#active ?? this.#openActive();
    return { active, rotated: this.#rotated };
  }

  /** Gives up a rotation that was refused; opening the journal finishes it. */
  close(): void {
    this.#active?.close();
  }

  #describeRotated(): RotatedSegment | null {
    const { folder, channel, old, wallMs } = this.#options;
    const { count } = old.extent;
    if (count === 0) return null;
    const base = `${folder}/${rotatedBase(channel, old.header.firstSequence, wallMs)}`;
    return { ...old.header, count, lastSequence: old.nextSequence - 1, base, compressed: false };
  }

  #openActive(): ActiveSegment {
    const { disk, folder, channel, old, header, recordHeader } = this.#options;
    const { open, lastEnd } = old.extent;
    const extent = {
      logBytes: this.#tail.length,
      count: 0,
      open: open === null ? null : { ...open, offset: 0 },
      lastEnd,
    };
    return new ActiveSegment({ disk, base: `${folder}/${channel}`, header, extent, recordHeader });
  }
}

/** What stands of the open record in the log at `base`. */
function readOpenRecord(
  disk: Disk,
  base: string,
  segment: ActiveSegment,
): Uint8Array<ArrayBuffer> {
  const { open, logBytes } = segment.extent;
  if (open === null) return new Uint8Array(0);
  const bytes = new Uint8Array(logBytes - open.offset);
  const log = disk.read(`${base}.log`);
  try {
    log.readNow(bytes, open.offset);
  } finally {
    log.close();
  }
  return bytes;
}
