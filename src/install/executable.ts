// The program itself, in its place. It is swapped in one rename, which a running service does not
// notice. The one before stays beside it: as the fallback, until the service was seen to come up with
// the new one; then as the previous one. So also an upgrade that was killed can be taken back.

import { copyFileSync, linkSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { MadeFolders } from "../platform/made_folders.ts";
import { replaceFile, syncFile, temporaryName } from "./replaced_file.ts";
import { type Step, StepFailed } from "./step.ts";
import { executablePath } from "./system_files.ts";
import { isThere, type Target } from "./target.ts";

/** Where the executable is kept that the service ran with last. */
export function previousName(path: string): string {
  return `${path}.previous`;
}

/** Where it is kept until it is known that another one comes up. */
export function fallbackName(path: string): string {
  return `${path}.fallback`;
}

export class Executable implements Step {
  readonly goal = executablePath;
  readonly #source: string;
  readonly #path: string;
  #made: MadeFolders | undefined;
  #isNew = false;

  /** `source` is the file that is to be installed. */
  constructor({ target, source }: { readonly target: Target; readonly source: string }) {
    this.#source = source;
    this.#path = target.path(executablePath);
  }

  look(): readonly string[] {
    const path = this.#path;
    if (!isThere(path)) return [`copy ${this.#source} to ${executablePath}`];
    if (!hasSameBytes(this.#source, path)) return [`replace ${executablePath}`];
    const isLeft = isThere(temporaryName(path));
    return [
      ...isLeft ? [`remove ${temporaryName(executablePath)}, which was left there`] : [],
      ...isThere(fallbackName(path))
        ? [`try ${executablePath}, which nobody has seen running`]
        : [],
    ];
  }

  apply(): void {
    const path = this.#path;
    rmSync(temporaryName(path), { force: true });
    const isFirst = !isThere(path);
    if (!isFirst && hasSameBytes(this.#source, path)) return;
    try {
      this.#made = new MadeFolders(dirname(path));
      const fill = (temporary: string): void => {
        copyFileSync(this.#source, temporary);
        if (!isFirst && !isThere(fallbackName(path))) linkSync(path, fallbackName(path));
      };
      replaceFile(path, { fill, mode: 0o755, ids: null });
      this.#isNew = isFirst;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : `${cause}`;
      const hint = `make room or let it be written: df -h ${dirname(path)}`;
      throw new StepFailed(`copy to ${executablePath}: ${why}`, hint, { cause });
    }
  }

  undo(): void {
    const path = this.#path;
    const fallback = fallbackName(path);
    if (isThere(fallback)) {
      renameSync(fallback, path);
      // Two names of one file are left as they are.
      rmSync(fallback, { force: true });
      return syncFile(dirname(path));
    }
    if (this.#isNew) rmSync(path, { force: true });
    this.#made?.remove();
  }
}

/** The service came up with the executable that is there, or is none of ours to start. */
export class Proven implements Step {
  readonly goal = `${executablePath} is the one to stay`;
  readonly #path: string;

  constructor(target: Target) {
    this.#path = target.path(executablePath);
  }

  look(): readonly string[] {
    return isThere(fallbackName(this.#path))
      ? [`keep the one before as ${previousName(executablePath)}`]
      : [];
  }

  apply(): void {
    const fallback = fallbackName(this.#path);
    if (statSync(fallback).ino === statSync(this.#path).ino) rmSync(fallback);
    else renameSync(fallback, previousName(this.#path));
    syncFile(dirname(this.#path));
  }

  undo(): void {}
}

function hasSameBytes(one: string, other: string): boolean {
  if (statSync(one).size !== statSync(other).size) return false;
  return readFileSync(one).equals(readFileSync(other));
}
