// The folder in which a bench's ports have their names, for one bench at a time. Names that are
// taken by anything but a link to a pseudo-terminal are refused: a real port is not to be hidden.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { InstanceLock } from "../platform/instance_lock.ts";
import { type Libc } from "../platform/libc.ts";
import { MadeFolders } from "../platform/made_folders.ts";
import { SystemError } from "../platform/system_error.ts";
import { WrongValue } from "./option_values.ts";

export interface BenchFolderOptions {
  readonly libc: Libc;
  /** Absolute; made when it is missing. */
  readonly folder: string;
  /** Of the ports, wherever they are. */
  readonly names: readonly string[];
}

export class BenchFolder implements Disposable {
  readonly #folder: string;
  readonly #lock: InstanceLock;
  readonly #made: MadeFolders;

  /** @throws {WrongValue} for a name that is taken. @throws {FolderInUse} @throws {Error} */
  constructor({ libc, folder, names }: BenchFolderOptions) {
    for (const name of names) refuseTaken(libc, name);
    this.#folder = folder;
    this.#made = new MadeFolders(folder);
    this.#lock = new InstanceLock(libc, folder);
  }

  /** Leaves nothing behind that was not there before, but for what others put there. */
  [Symbol.dispose](): void {
    rmSync(join(this.#folder, ".lock"), { force: true });
    this.#made.remove();
    this.#lock[Symbol.dispose]();
  }
}

function refuseTaken(libc: Libc, name: string): void {
  let target = "";
  try {
    target = libc.readLink(name);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return;
  }
  if (!target.startsWith("/dev/pts/")) {
    throw new WrongValue(`${name} is there already, and is no simulated port; give another name`);
  }
}
