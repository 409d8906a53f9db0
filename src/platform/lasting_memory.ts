// Memory that outlives the process: a file on a memory file system, mapped. A system call that reads
// into it has saved the bytes from a kill before it returns. Not for a disk: there a store can fail.

import { type Libc, O_CREAT, O_NOFOLLOW, O_RDWR } from "./libc.ts";
import { SystemError } from "./system_error.ts";

export class LastingMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it does outlive the process; else it is ordinary memory. */
  readonly lasting: boolean;
  readonly #libc: Libc;
  readonly #path: string;

  /**
   * The memory named `path`, with what it held when its last owner went away, else zeros. Where it
   * cannot be had (no such file system, no permission) it is ordinary memory.
   */
  constructor(libc: Libc, path: string, length: number) {
    this.#libc = libc;
    this.#path = path;
    const mapped = mapFile(libc, path, length);
    this.lasting = mapped !== null;
    this.bytes = mapped ?? new Uint8Array(length);
  }

  /** Forgets the contents for good. Nothing may touch `bytes` afterwards. */
  remove(): void {
    if (!this.lasting) return;
    this.#libc.unmap(this.bytes);
    this.#libc.unlink(this.#path);
  }
}

function mapFile(libc: Libc, path: string, length: number): Uint8Array<ArrayBuffer> | null {
  try {
    const fd = libc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      // A page that could not be had in the middle of a read would be the end of the process.
      libc.allocate(fd, length);
      return libc.map(fd, length);
    } finally {
      libc.close(fd);
    }
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
}
