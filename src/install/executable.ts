// The program itself, in its place. It is swapped in one rename, which a running service does not
// notice; the one before stays beside it.

import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { MadeFolders } from "../platform/made_folders.ts";
import { type Step, StepFailed } from "./step.ts";
import { executablePath } from "./system_files.ts";
import { isThere, type Target } from "./target.ts";

export class Executable implements Step {
  readonly goal = executablePath;
  readonly #source: string;
  readonly #path: string;
  #hadFormer = false;
  #made: MadeFolders | undefined;

  /** `source` is the file that is to be installed. */
  constructor({ target, source }: { readonly target: Target; readonly source: string }) {
    this.#source = source;
    this.#path = target.path(executablePath);
  }

  look(): readonly string[] {
    if (!isThere(this.#path)) return [`copy ${this.#source} to ${executablePath}`];
    return isSame(this.#source, this.#path)
      ? []
      : [`replace ${executablePath}, and keep the one before as ${previousName(executablePath)}`];
  }

  apply(): void {
    const temporary = `${this.#path}.new`;
    try {
      this.#made = new MadeFolders(dirname(this.#path));
      copyFileSync(this.#source, temporary);
      chmodSync(temporary, 0o755);
      syncFile(temporary);
      this.#hadFormer = isThere(this.#path);
      if (this.#hadFormer) {
        rmSync(previousName(this.#path), { force: true });
        linkSync(this.#path, previousName(this.#path));
      }
      renameSync(temporary, this.#path);
      syncFile(dirname(this.#path));
    } catch (cause) {
      rmSync(temporary, { force: true });
      const why = cause instanceof Error ? cause.message : `${cause}`;
      const hint = `make room or let it be written: df -h ${dirname(this.#path)}`;
      throw new StepFailed(`copy to ${executablePath}: ${why}`, hint, { cause });
    }
  }

  undo(): void {
    if (this.#hadFormer) renameSync(previousName(this.#path), this.#path);
    else {
      rmSync(this.#path, { force: true });
      this.#made?.remove();
    }
  }
}

/** Where the executable that was replaced is kept. */
export function previousName(path: string): string {
  return `${path}.previous`;
}

function isSame(one: string, other: string): boolean {
  if (statSync(one).size !== statSync(other).size) return false;
  return readFileSync(one).equals(readFileSync(other));
}

function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
