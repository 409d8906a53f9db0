// One collector a folder: two writing the same journals would destroy both. The folder itself is
// locked, which needs no room on its disk and no right to write. The kernel gives the lock back when
// the process is gone, however it went.

import type { Disk } from "./disk.ts";
import { type Libc, O_CREAT, O_RDONLY, O_RDWR } from "./libc.ts";
import { SystemError } from "./system_error.ts";
import { errorText, type Report } from "./notice.ts";

/** Somebody else is using the folder. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
}

export class InstanceLock implements Disposable {
  readonly #libc: Libc;
  readonly #fd: number;

  /** Locks `folder`, which must be there. @throws {FolderInUse} @throws {SystemError} */
  constructor(libc: Libc, folder: string) {
    const note = `${folder}/.lock`;
    const fd = libc.open(folder, O_RDONLY);
    if (!libc.tryLock(fd)) {
      libc.close(fd);
      throw new FolderInUse(`lock ${folder}: in use by ${ownerIn(libc, note)}`);
    }
    this.#libc = libc;
    this.#fd = fd;
    leaveNote(libc, note);
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.#fd);
  }
}

/**
 * Makes and locks a folder; `null` where the disk refuses it, which keeps nobody from capturing.
 * @throws {FolderInUse}
 */
export function claimFolder(
  folder: string,
  { disk, libc, report }: {
    readonly disk: Disk;
    readonly libc: Libc;
    readonly report: Report;
  },
): InstanceLock | null {
  try {
    disk.makeFolder(folder);
    return new InstanceLock(libc, folder);
  } catch (error) {
    if (error instanceof FolderInUse) throw error;
    report({
      level: "error",
      kind: "folder_refused",
      message: `use ${folder}: ${errorText(error)}`,
      hint: `make the folder, and let uid ${Deno.uid()} read and write it`,
    });
    return null;
  }
}

function ownerIn(libc: Libc, note: string): string {
  try {
    const pid = libc.readText(note).trim();
    return pid === "" ? "another nectarcollector" : `another nectarcollector (pid ${pid})`;
  } catch (error) {
    if (error instanceof SystemError) return "another nectarcollector";
    throw error;
  }
}

/** Who has the lock, for people. A disk that does not take it changes nothing about the lock. */
function leaveNote(libc: Libc, note: string): void {
  try {
    const fd = libc.open(note, O_RDWR | O_CREAT);
    try {
      libc.truncate(fd, 0);
      libc.write(fd, new Uint8Array(new TextEncoder().encode(`${Deno.pid}\n`)));
    } finally {
      libc.close(fd);
    }
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}
