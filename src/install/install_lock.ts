// One at a time: two installations at once would take back each other's files. The lock is a file that
// is gone at the end. One that is there and that nobody holds tells of an installation that was
// killed: systemd may not know yet what it wrote. A machine that is started anew knows it, and has
// lost the file.

import { dirname } from "node:path";
import { MadeFolders } from "../platform/made_folders.ts";
import { type Libc, O_CREAT, O_NOFOLLOW, O_RDWR } from "../platform/libc.ts";
import { errorText } from "../platform/notice.ts";
import { StepFailed } from "./step.ts";
import { isThere, type Target } from "./target.ts";

const lockPath = "/run/nectarcollector-install.lock";

export class InstallLock implements Disposable {
  /** Whether the one before was killed. */
  readonly wasInterrupted: boolean;
  readonly #libc: Libc;
  readonly #path: string;
  readonly #fd: number;
  readonly #made: MadeFolders;

  /** @throws {StepFailed} when another is at work, or nothing can be written there */
  constructor(libc: Libc, target: Target) {
    this.#libc = libc;
    this.#path = target.path(lockPath);
    try {
      this.#made = new MadeFolders(dirname(this.#path));
      this.#fd = lock(libc, this.#path);
    } catch (cause) {
      if (cause instanceof StepFailed) throw cause;
      const hint = `let it be written: ls -ld ${dirname(this.#path)}`;
      throw new StepFailed(`lock ${this.#path}: ${errorText(cause)}`, hint, { cause });
    }
    this.wasInterrupted = libc.readText(this.#path) !== "";
    libc.truncate(this.#fd, 0);
    libc.write(this.#fd, new Uint8Array(new TextEncoder().encode(`${Deno.pid}\n`)));
  }

  [Symbol.dispose](): void {
    this.#libc.unlink(this.#path);
    this.#libc.close(this.#fd);
    this.#made.remove();
  }
}

/** Whether an installation is at work, or was killed. */
export function isInstalling(target: Target): boolean {
  return isThere(target.path(lockPath));
}

/** The descriptor of the file, which is locked. */
function lock(libc: Libc, path: string): number {
  for (;;) {
    const fd = libc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    if (!libc.tryLock(fd)) {
      const pid = libc.readText(path).trim();
      libc.close(fd);
      const who = pid === "" ? "" : ` (pid ${pid})`;
      const message = `another install, upgrade or uninstall is at work${who}`;
      throw new StepFailed(message, "wait until it has ended, then run it again");
    }
    // Its owner may have removed it in between.
    if (!libc.readLink(`/proc/self/fd/${fd}`).endsWith(" (deleted)")) return fd;
    libc.close(fd);
  }
}
