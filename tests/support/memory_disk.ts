// A disk in memory that never fails, quick enough to open a journal a hundred thousand times. A copy
// of it shares the bytes until one of the two changes them.

import type { AppendFile, Disk, ReadFile } from "../../src/platform/disk.ts";

/** A file's bytes; those behind `length` are room. */
interface File {
  bytes: Uint8Array;
  length: number;
  /** The bytes are another disk's, too. */
  shared: boolean;
}

export class MemoryDisk implements Disk {
  readonly #files = new Map<string, File>();

  /** A disk with the same files. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [path, file] of this.#files) {
      file.shared = true;
      copy.#files.set(path, { ...file });
    }
    return copy;
  }

  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** What stands in a file; not to be changed. */
  bytes(path: string): Uint8Array {
    const file = this.#file(path);
    return file.bytes.subarray(0, file.length);
  }

  write(path: string, bytes: Uint8Array): void {
    this.#files.set(path, { bytes, length: bytes.length, shared: true });
  }

  append(path: string): AppendFile {
    const file = this.#files.get(path) ?? { bytes: new Uint8Array(0), length: 0, shared: false };
    this.#files.set(path, file);
    return {
      append: (bytes) => {
        const length = file.length + bytes.length;
        if (file.shared || length > file.bytes.length) {
          const room = new Uint8Array(length + 4096);
          room.set(file.bytes.subarray(0, file.length));
          file.bytes = room;
          file.shared = false;
        }
        file.bytes.set(bytes, file.length);
        file.length = length;
        return bytes.length;
      },
      readNow: (buffer, offset) => readFrom(file, buffer, offset),
      sync: () => Promise.resolve(),
      syncNow: () => {},
      truncate: (length) => file.length = Math.min(file.length, length),
      isAt: (place) => this.#files.get(place) === file,
      close: () => {},
    };
  }

  read(path: string): ReadFile {
    const file = this.#file(path);
    return {
      read: (buffer, offset) => Promise.resolve(readFrom(file, buffer, offset)),
      readNow: (buffer, offset) => readFrom(file, buffer, offset),
      size: () => file.length,
      close: () => {},
    };
  }

  size(path: string): number | null {
    return this.#files.get(path)?.length ?? null;
  }

  list(folder: string): string[] {
    const names = this.paths().filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1));
    return names.filter((name) => !name.includes("/"));
  }

  makeFolder(): void {}

  rename(from: string, to: string): void {
    this.#files.set(to, this.#file(from));
    this.#files.delete(from);
  }

  remove(path: string): void {
    this.#file(path);
    this.#files.delete(path);
  }

  syncFolder(): Promise<void> {
    return Promise.resolve();
  }

  syncFolderNow(): void {}

  space(): ReturnType<Disk["space"]> {
    return Promise.resolve({ totalBytes: 2 ** 40, freeBytes: 2 ** 40 });
  }

  #file(path: string): File {
    const file = this.#files.get(path);
    if (file === undefined) throw new Deno.errors.NotFound(`no such file: ${path}`);
    return file;
  }
}

function readFrom({ bytes, length }: File, buffer: Uint8Array, offset: number): number {
  const part = bytes.subarray(Math.min(offset, length), Math.min(offset + buffer.length, length));
  buffer.set(part);
  return part.length;
}
