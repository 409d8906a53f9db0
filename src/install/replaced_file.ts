// A file put in place in one go: written beside it, saved, renamed. Whatever happens meanwhile, there
// is the old one or the new one, whole.

import { chmodSync, chownSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { OwnerIds } from "./target.ts";

/** Where it is written first. What is there belongs to an installation that was killed. */
export function temporaryName(path: string): string {
  return `${path}.installing`;
}

export function replaceFile(path: string, { fill, mode, ids }: {
  /** Makes the file of that name. */
  readonly fill: (temporary: string) => void;
  readonly mode: number;
  /** `null` for whoever makes it. */
  readonly ids: OwnerIds | null;
}): void {
  const temporary = temporaryName(path);
  try {
    rmSync(temporary, { force: true });
    fill(temporary);
    if (ids !== null) chownSync(temporary, ids.uid, ids.gid);
    chmodSync(temporary, mode);
    syncFile(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFile(dirname(path));
}

/** Makes a file, or the names in a folder, survive a power cut. */
export function syncFile(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
