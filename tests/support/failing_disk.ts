// The machine's file system, with a hand on its plug: every call can be seen and refused, and its
// room can end in the middle of an append, as with ENOSPC.

import {
  type AppendFile,
  type Disk,
  type DiskSpace,
  type ReadFile,
  systemDisk,
} from "../../src/platform/disk.ts";

/** One call to the file system. Of a file, `what` is what was done with it. */
export interface DiskCall {
  readonly what:
    | "open to append"
    | "append"
    | "sync"
    | "truncate"
    | "open to read"
    | "read"
    | "size"
    | "list"
    | "make folder"
    | "rename"
    | "remove"
    | "sync folder"
    | "space";
  readonly path: string;
}

export class FailingDisk implements Disk {
  /** Bytes that can still be appended, whatever is removed. */
  freeBytes = Infinity;
  /** Called before each call; what it throws is what the call throws, and nothing is done. */
  before: (call: DiskCall) => void = () => {};
  /** Files that are open now. */
  openFiles = 0;
  readonly #inner: Disk;

  constructor(inner: Disk = systemDisk) {
    this.#inner = inner;
  }

  /** Refuses the `first`-th call from now, counted from 1, and `times` calls in all. */
  refuse(first: number, times = 1): void {
    let count = 0;
    this.before = ({ what, path }) => {
      count += 1;
      if (count < first || count >= first + times) return;
      throw new Error(`call ${count} refused: ${what}: ${path}`);
    };
  }

  /** Refuses nothing any more. */
  heal(): void {
    this.freeBytes = Infinity;
    this.before = () => {};
  }

  append(path: string): AppendFile {
    this.before({ what: "open to append", path });
    const file = this.#inner.append(path);
    this.openFiles += 1;
    return {
      append: (bytes) => {
        this.before({ what: "append", path });
        const room = Math.min(bytes.length, this.freeBytes);
        this.freeBytes -= room;
        if (room === 0 && bytes.length > 0) throw new Error(`No space left on device: ${path}`);
        return file.append(bytes.subarray(0, room));
      },
      sync: async () => {
        this.before({ what: "sync", path });
        await file.sync();
      },
      syncNow: () => {
        this.before({ what: "sync", path });
        file.syncNow();
      },
      readNow: (buffer, offset) => {
        this.before({ what: "read", path });
        return file.readNow(buffer, offset);
      },
      isAt: (place) => {
        this.before({ what: "size", path: place });
        return file.isAt(place);
      },
      truncate: (length) => {
        this.before({ what: "truncate", path });
        file.truncate(length);
      },
      close: () => {
        this.openFiles -= 1;
        file.close();
      },
    };
  }

  read(path: string): ReadFile {
    this.before({ what: "open to read", path });
    const file = this.#inner.read(path);
    this.openFiles += 1;
    return {
      read: async (buffer, offset) => {
        this.before({ what: "read", path });
        return await file.read(buffer, offset);
      },
      readNow: (buffer, offset) => {
        this.before({ what: "read", path });
        return file.readNow(buffer, offset);
      },
      size: () => file.size(),
      close: () => {
        this.openFiles -= 1;
        file.close();
      },
    };
  }

  size(path: string): number | null {
    this.before({ what: "size", path });
    return this.#inner.size(path);
  }

  list(folder: string): string[] {
    this.before({ what: "list", path: folder });
    return this.#inner.list(folder);
  }

  makeFolder(path: string): void {
    this.before({ what: "make folder", path });
    this.#inner.makeFolder(path);
  }

  rename(from: string, to: string): void {
    this.before({ what: "rename", path: from });
    this.#inner.rename(from, to);
  }

  remove(path: string): void {
    this.before({ what: "remove", path });
    this.#inner.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.before({ what: "sync folder", path });
    await this.#inner.syncFolder(path);
  }

  syncFolderNow(path: string): void {
    this.before({ what: "sync folder", path });
    this.#inner.syncFolderNow(path);
  }

  async space(path: string): Promise<DiskSpace> {
    this.before({ what: "space", path });
    return await this.#inner.space(path);
  }
}
