// The files of one port's raw capture: one that grows, and numbered ones, `.1` the newest, which
// together never take more than they may. The numbers are looked up each time, so that whatever a
// kill or a person left is taken as it is.
//
//   raw/1429010002-A1.raw      raw/1429010002-A1.raw.1  …  raw/1429010002-A1.raw.4

import { join } from "node:path";
import type { RawDisk } from "./raw_disk.ts";

/** Of the numbered ones. */
const mostNumbers = 4;

export interface RawFilesOptions {
  readonly folder: string;
  readonly channel: string;
  /** Of all files together. */
  readonly maxBytes: number;
  readonly disk: RawDisk;
}

interface NumberedFile {
  readonly path: string;
  readonly number: number;
}

export class RawFiles {
  readonly #options: RawFilesOptions;
  readonly #path: string;
  /** Room of one file; the end of a line that was torn takes a byte. */
  readonly #fileBytes: number;
  readonly #encoder = new TextEncoder();
  /** Nobody has set a smaller bound than the files have since they were looked at. */
  #isBounded = false;

  constructor(options: RawFilesOptions) {
    this.#options = options;
    this.#path = join(options.folder, `${options.channel}.raw`);
    this.#fileBytes = Math.floor(options.maxBytes / (mostNumbers + 1)) - 1;
  }

  /**
   * Appends as many of the lines as there is room for in one file, at least one, and returns how
   * many. A file that is full gets a number before.
   */
  async append(lines: readonly string[]): Promise<number> {
    const { disk, folder } = this.#options;
    await disk.makeFolder(folder);
    if (!this.#isBounded) await this.#bound();
    const first = lines[0]?.length ?? 0;
    let size = await disk.size(this.#path) ?? 0;
    if (size > 0 && size + first > this.#fileBytes) {
      await this.#rotate();
      size = 0;
    }
    let count = 0;
    for (const { length } of lines) {
      if (count > 0 && size + length > this.#fileBytes) break;
      size += length;
      count += 1;
    }
    await disk.append(this.#path, this.#encoder.encode(lines.slice(0, count).join("")));
    return count;
  }

  /** Removes the oldest of the numbered files; false when there is none. */
  async removeOldest(): Promise<boolean> {
    const oldest = (await this.#numbered()).at(-1);
    if (oldest === undefined) return false;
    await this.#options.disk.remove(oldest.path);
    return true;
  }

  async #rotate(): Promise<void> {
    const { disk } = this.#options;
    for (const { path, number } of (await this.#numbered()).reverse()) {
      await disk.rename(path, `${this.#path}.${number + 1}`);
    }
    await disk.rename(this.#path, `${this.#path}.1`);
    await this.#bound();
  }

  /** Removes the oldest of what takes more than it may beside a file that grows. */
  async #bound(): Promise<void> {
    const { disk, maxBytes } = this.#options;
    let restBytes = maxBytes - this.#fileBytes;
    for (const [i, { path }] of (await this.#numbered()).entries()) {
      restBytes -= await disk.size(path) ?? 0;
      if (restBytes < 0 || i >= mostNumbers) await disk.remove(path);
    }
    this.#isBounded = true;
  }

  /** The newest first. */
  async #numbered(): Promise<NumberedFile[]> {
    const { disk, folder, channel } = this.#options;
    const beginning = `${channel}.raw.`;
    const numbers = (await disk.list(folder))
      .filter((name) => name.startsWith(beginning))
      .map((name) => name.slice(beginning.length))
      .filter((number) => /^[1-9]\d{0,5}$/.test(number))
      .map(Number);
    return numbers.sort((a, b) => a - b)
      .map((number) => ({ number, path: `${this.#path}.${number}` }));
  }
}
