// The few things that a journal asks of a file system. An interface, because the journal's
// promises are tested on a file system that forgets, tears and fails on purpose.

/** A file that grows at its end. */
export interface AppendFile {
  /** Appends a prefix of `bytes` and returns its length; a full disk may take less than all. */
  append(bytes: Uint8Array): number;
  /** Makes what was appended survive a power cut, off the caller's turn. */
  sync(): Promise<void>;
  /** The same, before it returns. */
  syncNow(): void;
  truncate(length: number): void;
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
  /** Makes entries of the folder (new, renamed, removed files) survive a power cut. */
  syncFolder(path: string): void;
}

class DenoAppendFile implements AppendFile {
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#file = Deno.openSync(path, { append: true, create: true, mode: 0o640 });
  }

  append(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  sync(): Promise<void> {
    return this.#file.syncData();
  }

  syncNow(): void {
    this.#file.syncDataSync();
  }

  truncate(length: number): void {
    this.#file.truncateSync(length);
  }

  close(): void {
    this.#file.close();
  }
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
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < buffer.length) {
      const count = this.#file.readSync(buffer.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return filled;
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
  syncFolder(path) {
    using folder = Deno.openSync(path, { read: true });
    folder.syncSync();
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
