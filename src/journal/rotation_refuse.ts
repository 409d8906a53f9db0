// What is left of a coming segment that came to nothing, because the disk refused to make it or to
// name it. It must be gone, whatever names it has by now, before the next one is made: taken for a
// log of its own it would give its records out again.

import type { JournalFolder } from "./interrupted_rotation.ts";
import { sweepComing } from "./rotation.ts";
import type { SegmentFiles } from "./segment_files.ts";

export class RotationRefuse {
  readonly #place: JournalFolder;
  #mayBeThere = false;
  #files: SegmentFiles | null = null;

  constructor(place: JournalFolder) {
    this.#place = place;
  }

  /** A segment is about to be made: should it fail, something may be left. */
  expect(): void {
    this.#mayBeThere = true;
  }

  /** It was made. */
  forget(): void {
    this.#mayBeThere = false;
  }

  /** Deletes and closes `files`, now or, when the disk refuses, with the next sweeping. */
  take(files: SegmentFiles | null): void {
    this.#mayBeThere = true;
    this.#files = files;
    try {
      this.#deleteFiles();
    } catch {
      // Their names are known as long as they are open.
    }
  }

  /** @throws {Error} what the disk threw; the next call goes on from there */
  sweep(): void {
    if (!this.#mayBeThere) return;
    this.#deleteFiles();
    const { disk, folder, channel } = this.#place;
    sweepComing(disk, folder, channel);
    this.#mayBeThere = false;
  }

  close(): void {
    this.#files?.close();
    this.#files = null;
  }

  #deleteFiles(): void {
    this.#files?.remove();
    this.close();
  }
}
