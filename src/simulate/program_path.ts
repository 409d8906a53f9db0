// Where a program is, as a shell would find it.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** `undefined` when no folder of `path` holds it. */
export function findProgram(name: string, path = Deno.env.get("PATH")): string | undefined {
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Missing, not ours to run, or behind a folder we may not enter: all the same to a shell.
    return false;
  }
}
