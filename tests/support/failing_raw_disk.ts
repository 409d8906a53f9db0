// The machine's file system under raw files, with a hand on it: every call can be seen, refused and
// held up.

import { type RawDisk, systemRawDisk } from "../../src/channel/raw/raw_disk.ts";

export class FailingRawDisk implements RawDisk {
  /** Called before each call and awaited; what it throws is what the call throws. */
  before: (what: keyof RawDisk, path: string) => void | Promise<void> = () => {};

  /** Refuses everything, as a full disk does. */
  refuse(): void {
    this.before = () => {
      throw new Error("No space left on device");
    };
  }

  heal(): void {
    this.before = () => {};
  }

  async makeFolder(path: string): Promise<void> {
    await this.before("makeFolder", path);
    await systemRawDisk.makeFolder(path);
  }

  async list(folder: string): Promise<string[]> {
    await this.before("list", folder);
    return await systemRawDisk.list(folder);
  }

  async size(path: string): Promise<number | null> {
    await this.before("size", path);
    return await systemRawDisk.size(path);
  }

  async append(path: string, lines: Uint8Array): Promise<void> {
    await this.before("append", path);
    await systemRawDisk.append(path, lines);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.before("rename", from);
    await systemRawDisk.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.before("remove", path);
    await systemRawDisk.remove(path);
  }
}
