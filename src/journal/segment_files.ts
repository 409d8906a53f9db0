// The log and the index of a segment that is being written, or was until lately. They are read back
// through the same descriptors, so that what they hold is at hand even when their names are gone.

import { dirname } from "node:path";
import { appendAll, type AppendFile, type Disk } from "../platform/disk.ts";

type Ending = ".log" | ".idx";

export class SegmentFiles {
  readonly log: AppendFile;
  readonly index: AppendFile;
  /** The log ends in bytes that could not be set aside: nothing is appended, and nothing cut off. */
  readonly isSealed: boolean;
  readonly #disk: Disk;
  readonly #paths: Record<Ending, string>;
  #holders = 1;
  #failure: unknown = null;

  /** Opens the files at `base`, a path without ending; makes those that are not there. */
  constructor(disk: Disk, base: string, isSealed = false) {
    this.#disk = disk;
    this.isSealed = isSealed;
    this.#paths = { ".log": `${base}.log`, ".idx": `${base}.idx` };
    this.log = disk.append(this.#paths[".log"]);
    try {
      this.index = disk.append(this.#paths[".idx"]);
    } catch (error) {
      this.log.close();
      throw error;
    }
  }

  /** Makes empty files at `base`, in place of what may be there. */
  static create(disk: Disk, base: string): SegmentFiles {
    for (const ending of [".log", ".idx", ".idx.tmp"]) {
      if (disk.size(base + ending) !== null) disk.remove(base + ending);
    }
    return new SegmentFiles(disk, base);
  }

  /**
   * Makes what was written survive a power cut. A sync that failed is not tried again: the kernel
   * has forgotten which pages it could not write, so the next one would claim success.
   * @throws {Error} also when an earlier sync of these files failed
   */
  async sync(): Promise<void> {
    this.#refuseAfterFailure();
    this.#holders += 1;
    const results = await Promise.allSettled([this.log.sync(), this.index.sync()]);
    this.close();
    for (const result of results) {
      if (result.status === "rejected") throw this.#failure = result.reason;
    }
  }

  /** The same, before it returns. */
  syncNow(): void {
    this.#refuseAfterFailure();
    try {
      this.log.syncNow();
      this.index.syncNow();
    } catch (error) {
      throw this.#failure = error;
    }
  }

  /** Path without ending under which they stand, or stood. */
  get base(): string {
    return this.#paths[".log"].slice(0, -".log".length);
  }

  /** Whether both files still stand under their names. */
  areHere(): boolean {
    return this.log.isAt(this.#paths[".log"]) && this.index.isAt(this.#paths[".idx"]);
  }

  /** The same; also where the folder cannot be looked into, in which they may well stand. */
  get mayBeHere(): boolean {
    try {
      return this.areHere();
    } catch {
      return true;
    }
  }

  /** Renames to `base`, log first. Can be called again after it was refused. */
  moveTo(base: string): void {
    // What a removal has left there is not this segment's index.
    const temporary = `${base}.idx.tmp`;
    if (this.#disk.size(temporary) !== null) this.#disk.remove(temporary);
    this.#rename(".log", base);
    this.#rename(".idx", base);
  }

  /** Gives the log, if it still has its own name, the one that a copy will have: so it is there once. */
  moveLogIfHere(base: string): void {
    if (this.log.isAt(this.#paths[".log"])) this.#rename(".log", base);
  }

  /** Cuts off what is not needed here any more. */
  cutLog(length: number): void {
    if (!this.isSealed) this.log.truncate(length);
  }

  /** Deletes the files, unless others stand under their names. */
  remove(): void {
    const { ".log": log, ".idx": index } = this.#paths;
    if (this.isSealed && this.log.isAt(log)) setAside(this.#disk, log, "stray");
    const isPair = log.slice(0, -4) === index.slice(0, -4);
    if (isPair && this.areHere()) return removeSegmentNow(this.#disk, this.base);
    if (this.log.isAt(log)) {
      this.#disk.remove(log);
      // A power cut may bring it back: then its index tells what it is.
      this.#disk.syncFolderNow(dirname(log));
    }
    if (this.index.isAt(index)) this.#disk.remove(index);
  }

  /** Deletes and closes the files of a segment that came to nothing; what is left is swept up later. */
  discard(): void {
    try {
      this.remove();
    } catch {
      // The disk that refused to make the files may refuse to delete them, too.
    } finally {
      this.close();
    }
  }

  /** Keeps the descriptors open until a `close` of its own. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  close(): void {
    this.#holders -= 1;
    if (this.#holders !== 0) return;
    this.log.close();
    this.index.close();
  }

  #rename(ending: ".log" | ".idx", base: string): void {
    const target = base + ending;
    if (this.#paths[ending] === target) return;
    const file = ending === ".log" ? this.log : this.index;
    if (this.#disk.size(target) !== null && !file.isAt(target)) {
      setAside(this.#disk, target, "foreign");
    }
    this.#disk.rename(this.#paths[ending], target);
    this.#paths[ending] = target;
  }

  #refuseAfterFailure(): void {
    // Somebody discarded them while the sync waited for its turn: the descriptors may be others' now.
    if (this.#holders <= 0) throw new Error(`sync ${this.#paths[".log"]}: it is closed`);
    if (this.#failure === null) return;
    throw new Error(`sync ${this.#paths[".log"]}: an earlier sync failed`, {
      cause: this.#failure,
    });
  }
}

/**
 * Deletes the segment at `base`. Until its log is gone for good, its index is called a temporary file:
 * a kill in between leaves a whole segment or nothing (interrupted_rotation.ts), and a log that a
 * power cut brought back without its index would be numbered anew.
 */
export async function removeSegment(disk: Disk, base: string): Promise<void> {
  const temporary = removeLogs(disk, base);
  await disk.syncFolder(dirname(base));
  if (disk.size(temporary) !== null) disk.remove(temporary);
}

/** The same, before it returns. */
export function removeSegmentNow(disk: Disk, base: string): void {
  const temporary = removeLogs(disk, base);
  disk.syncFolderNow(dirname(base));
  if (disk.size(temporary) !== null) disk.remove(temporary);
}

/** The first half of it. Returns what the index, if there is one, is called now. */
export function removeLogs(disk: Disk, base: string): string {
  const index = `${base}.idx`;
  const temporary = `${index}.tmp`;
  const has = (path: string): boolean => disk.size(path) !== null;
  const logs = [`${base}.log.gz`, `${base}.log`];
  if (has(index)) disk.rename(index, temporary);
  try {
    for (const path of logs) {
      if (has(path)) disk.remove(path);
    }
  } catch (error) {
    // Whole it can still be read.
    if (logs.some(has) && has(temporary)) disk.rename(temporary, index);
    throw error;
  }
  return temporary;
}

/** What is not ours to delete: a file that somebody put where ours belongs, or bytes of nobody. */
function setAside(disk: Disk, path: string, what: "foreign" | "stray"): void {
  let aside = `${path}.${what}`;
  for (let n = 2; disk.size(aside) !== null; n++) aside = `${path}.${what}-${n}`;
  disk.rename(path, aside);
}

/** Appends what `source` holds from `from` to `to`, a piece at a time. */
export function copyBytes(
  source: Pick<AppendFile, "readNow">,
  target: AppendFile,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const buffer = new Uint8Array(Math.min(to - from, 256 * 1024));
  for (let offset = from; offset < to;) {
    const count = source.readNow(buffer.subarray(0, Math.min(buffer.length, to - offset)), offset);
    if (count === 0) throw new Error(`copy: ends at ${offset} of ${to}`);
    appendAll(target, buffer.subarray(0, count));
    offset += count;
  }
}
