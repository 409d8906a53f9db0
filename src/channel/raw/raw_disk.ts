// What raw files ask of a file system. Every call is awaited off the reading thread: a disk that
// hangs holds up these files and nothing else. An interface, because disks are made to fail in tests.

export interface RawDisk {
  /** Makes the last folder of `path`, unless it is there. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder. */
  list(folder: string): Promise<string[]>;
  /** Length in bytes, or `null` when there is no such file. */
  size(path: string): Promise<number | null>;
  /**
   * Appends lines, all or none as far as the disk lets us, behind the end of a line that a kill has
   * torn. Makes the file when it is not there.
   */
  append(path: string, lines: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

const lineFeed = 0x0a;

/** The machine's file system. */
export const systemRawDisk: RawDisk = {
  async makeFolder(path) {
    try {
      await Deno.mkdir(path, { mode: 0o750 });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  },
  async list(folder) {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(folder)) names.push(name);
    return names;
  },
  async size(path) {
    try {
      return (await Deno.stat(path)).size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  },
  async append(path, lines) {
    using file = await Deno.open(path, { read: true, append: true, create: true, mode: 0o640 });
    const { size } = await file.stat();
    try {
      if (await isTorn(file, size)) await writeAll(file, Uint8Array.of(lineFeed));
      await writeAll(file, lines);
    } catch (error) {
      await cutBack(file, size);
      throw error;
    }
  },
  rename: (from, to) => Deno.rename(from, to),
  remove: (path) => Deno.remove(path),
};

async function isTorn(file: Deno.FsFile, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = new Uint8Array(1);
  await file.seek(size - 1, Deno.SeekMode.Start);
  return await file.read(last) === 1 && last[0] !== lineFeed;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let taken = 0; taken < bytes.length;) {
    const count = await file.write(bytes.subarray(taken));
    if (count === 0) throw new Error(`append: took 0 of ${bytes.length - taken} bytes`);
    taken += count;
  }
}

async function cutBack(file: Deno.FsFile, size: number): Promise<void> {
  try {
    await file.truncate(size);
  } catch {
    // The refusal that led here is told; half a line shows by its missing quotation mark.
  }
}
