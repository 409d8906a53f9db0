// The few things that a journal asks of a file system. An interface, because the journal's
// promises are tested on a file system that forgets, tears and fails on purpose.

import { statfs } from "node:fs";
import { promisify } from "node:util";

/** A file that grows at its end. */
export interface AppendFile {
  /** Appends a prefix of `bytes` and returns its length; a full disk may take less than all. */
  append(bytes: Uint8Array): number;
  /** Reads back, also when the file's name is gone; as `ReadFile.readNow`. */
  readNow(buffer: Uint8Array, offset: number): number;
  /** Makes what was appended survive a power cut, off the caller's turn. */
  sync(): Promise<void>;
  /** The same, before it returns. Fails, too, where a `sync` that is under way is to fail. */
  syncNow(): void;
  truncate(length: number): void;
  /** Whether `path` still names this file: it does not once it is removed, moved or replaced. */
  isAt(path: string): boolean;
  close(): void;
}

/** A file that is read at any place. Not for two readers at once. */
export interface ReadFile {
  /** Fills `buffer` from `offset` on; returns the bytes read, fewer only at the end of the file. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
  readNow(buffer: Uint8Array, offset: number): number;
  size(): number;
  close(): void;
}

/** Room on the file system that holds a path, in bytes. */
export interface DiskSpace {
  readonly totalBytes: number;
  /** What a user other than root may still take. */
  readonly freeBytes: number;
}

export interface Disk {
  /** Opens for appending; makes the file when it is not there. */
  append(path: string): AppendFile;
  read(path: string): ReadFile;
  /** Length in bytes, or `null` when there is no such file. */
  size(path: string): number | null;
  /** Names in a folder, sorted. */
  list(folder: string): string[];
  makeFolder(path: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Makes the folder's entries (new, renamed, removed files) survive a power cut, off the turn. */
  syncFolder(path: string): Promise<void>;
  /** The same, before it returns. */
  syncFolderNow(path: string): void;
  space(path: string): Promise<DiskSpace>;
}

/** Fills `buffer` from `offset` on; returns the bytes read, fewer only at the end of the file. */
function readFrom(file: Deno.FsFile, buffer: Uint8Array, offset: number): number {
  file.seekSync(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < buffer.length) {
    const count = file.readSync(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return filled;
}

class DenoAppendFile implements AppendFile {
  readonly #file: Deno.FsFile;
  /**
   * Another open file description. The kernel tells each of them of a failure to write, but only
   * once: two syncs at a time on a single one, and the one that is not told claims success.
   */
  readonly #syncedNow: Deno.FsFile;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true, append: true, create: true, mode: 0o640 });
    try {
      this.#syncedNow = Deno.openSync(path, { append: true });
    } catch (error) {
      this.#file.close();
      throw error;
    }
    if (isSameFile(this.#file.statSync(), this.#syncedNow.statSync())) return;
    this.close();
    throw new Error(`open '${path}': it was replaced at this moment`);
  }

  append(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  readNow(buffer: Uint8Array, offset: number): number {
    return readFrom(this.#file, buffer, offset);
  }

  sync(): Promise<void> {
    return this.#file.syncData();
  }

  syncNow(): void {
    this.#syncedNow.syncDataSync();
  }

  truncate(length: number): void {
    this.#file.truncateSync(length);
  }

  isAt(path: string): boolean {
    const own = this.#file.statSync();
    try {
      return isSameFile(own, Deno.statSync(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  close(): void {
    this.#file.close();
    this.#syncedNow.close();
  }
}

function isSameFile(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

class DenoReadFile implements ReadFile {
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true });
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    await this.#file.seek(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < buffer.length) {
      const count = await this.#file.read(buffer.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return filled;
  }

  readNow(buffer: Uint8Array, offset: number): number {
    return readFrom(this.#file, buffer, offset);
  }

  size(): number {
    return this.#file.statSync().size;
  }

  close(): void {
    this.#file.close();
  }
}

/** The machine's file system. */
export const systemDisk: Disk = {
  append: (path) => new DenoAppendFile(path),
  read: (path) => new DenoReadFile(path),
  size(path) {
    try {
      return Deno.statSync(path).size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  },
  list: (folder) => Array.from(Deno.readDirSync(folder), (entry) => entry.name).sort(),
  makeFolder: (path) => Deno.mkdirSync(path, { recursive: true, mode: 0o750 }),
  rename: (from, to) => Deno.renameSync(from, to),
  remove: (path) => Deno.removeSync(path),
  async syncFolder(path) {
    using folder = await Deno.open(path, { read: true });
    await folder.sync();
  },
  syncFolderNow(path) {
    using folder = Deno.openSync(path, { read: true });
    folder.syncSync();
  },
  async space(path) {
    const { bsize, blocks, bavail } = await promisify(statfs)(path);
    return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
  },
};

/** Appends all of `bytes`. @throws {Error} what the file threw, after a prefix may have been taken */
export function appendAll(file: AppendFile, bytes: Uint8Array): void {
  let taken = 0;
  while (taken < bytes.length) {
    const count = file.append(bytes.subarray(taken));
    if (count === 0) throw new Error(`append: took 0 of ${bytes.length - taken} bytes`);
    taken += count;
  }
}
