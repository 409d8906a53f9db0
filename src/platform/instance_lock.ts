// One collector a folder: two writing the same journals would destroy both. The kernel gives the
// lock back when the process is gone, however it went.

import { type Libc, O_CREAT, O_RDWR } from "./libc.ts";

/** Somebody else is using the folder. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
}

export class InstanceLock implements Disposable {
  readonly #libc: Libc;
  readonly #fd: number;

  /** Locks `folder`, which must be there. @throws {FolderInUse} @throws {SystemError} */
  constructor(libc: Libc, folder: string) {
    const path = `${folder}/.lock`;
    const fd = libc.open(path, O_RDWR | O_CREAT);
    if (!libc.tryLock(fd)) {
      libc.close(fd);
      const pid = libc.readText(path).trim();
      const who = pid === "" ? "another nectarcollector" : `another nectarcollector (pid ${pid})`;
      throw new FolderInUse(`lock ${folder}: in use by ${who}`);
    }
    this.#libc = libc;
    this.#fd = fd;
    libc.truncate(fd, 0);
    libc.write(fd, new Uint8Array(new TextEncoder().encode(`${Deno.pid}\n`)));
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.#fd);
  }
}
