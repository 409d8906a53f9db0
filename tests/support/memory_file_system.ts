// A small file system in memory that really fills up, mounted on a folder of its own. Needs root
// and the program mount: `requires(root, program("mount")).test(…)`.

import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The mount's source, which is only a name: it tells whose the mount is. */
const sourcePrefix = "nectarcollector-test-";
const ballastName = ".ballast";
const chunkBytes = 1024 * 1024;

/** `using disk = new MemoryFileSystem({ megabytes: 8 });` */
export class MemoryFileSystem implements Disposable {
  /** Where it is mounted. */
  readonly path: string;

  constructor(options: { readonly megabytes: number }) {
    unmountOrphans();
    this.path = mkdtempSync(join(tmpdir(), "nectarcollector-disk-"));
    try {
      const size = Math.round(options.megabytes * 1024 * 1024);
      run("mount", "-t", "tmpfs", "-o", `size=${size}`, sourcePrefix + Deno.pid, this.path);
    } catch (error) {
      rmdirSync(this.path);
      throw error;
    }
  }

  /** A path inside; nothing is created. */
  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  get totalBytes(): number {
    const { bsize, blocks } = statfsSync(this.path);
    return bsize * blocks;
  }

  get freeBytes(): number {
    const { bsize, bavail } = statfsSync(this.path);
    return bsize * bavail;
  }

  /**
   * Fills it with ballast up to the last page, so that the next one is refused with ENOSPC. What
   * another file has left of its own last page can still be written.
   */
  fill(): void {
    this.fillTo(0);
  }

  /**
   * Makes the ballast as large, or as small, as leaves `freeBytes`, rounded up to whole pages.
   * @throws {Error} when others have taken so much that even no ballast leaves as much
   */
  fillTo(freeBytes: number): void {
    const { bsize } = statfsSync(this.path);
    const wanted = Math.ceil(freeBytes / bsize) * bsize;
    const fd = openSync(this.join(ballastName), "a");
    let ballastBytes: number;
    try {
      const excess = this.freeBytes - wanted;
      if (excess > 0) append(fd, excess);
      else ftruncateSync(fd, Math.max(0, fstatSync(fd).size + excess));
      ballastBytes = fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
    // With ballast left, another was writing at this moment.
    if (ballastBytes === 0 && this.freeBytes < wanted) {
      throw new Error(`leave ${wanted} bytes free in ${this.path}: there are ${this.freeBytes}`);
    }
  }

  /** Takes the ballast away. */
  free(): void {
    rmSync(this.join(ballastName), { force: true });
  }

  /** Also while files in it are open: then it is gone from here at once, and when they are closed. */
  [Symbol.dispose](): void {
    unmount(this.path);
  }
}

/** Appends zeros, and is content with fewer when there is no room: another may be writing, too. */
function append(fd: number, bytes: number): void {
  const zeros = new Uint8Array(Math.min(bytes, chunkBytes));
  try {
    for (let left = bytes; left > 0;) left -= writeSync(fd, zeros.subarray(0, left));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

/** Whatever was killed before it could unmount. */
function unmountOrphans(): void {
  for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [source = "", path = ""] = line.split(" ");
    if (!source.startsWith(sourcePrefix)) continue;
    if (existsSync(`/proc/${source.slice(sourcePrefix.length)}`)) continue;
    try {
      unmount(path);
    } catch (error) {
      // Another process may be doing the same.
      if (existsSync(path)) throw error;
    }
  }
}

function unmount(path: string): void {
  run("umount", "-l", path);
  rmdirSync(path);
}

function run(program: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(program, { args, stdout: "null" }).outputSync();
  if (success) return;
  throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
