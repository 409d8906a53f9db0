// Small JSON files that must be either the old or the new one after a power cut, never half.

import { appendAll, type Disk } from "./disk.ts";
import { dirname } from "node:path";

/**
 * Replaces `path` by way of a temporary file beside it: write, fsync, rename, fsync of the folder.
 * The folder must be there.
 */
export async function replaceState(disk: Disk, path: string, state: unknown): Promise<void> {
  const temporary = `${path}.tmp`;
  if (disk.size(temporary) !== null) disk.remove(temporary);
  const file = disk.append(temporary);
  try {
    appendAll(file, new TextEncoder().encode(`${JSON.stringify(state)}\n`));
    await file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  disk.syncFolder(dirname(path));
}

/** The state in `path`, or `undefined` when there is none or it is not JSON. Its shape is unchecked. */
export function readState(disk: Disk, path: string): unknown {
  const length = disk.size(path);
  if (length === null) return undefined;
  const bytes = new Uint8Array(length);
  const file = disk.read(path);
  try {
    file.readNow(bytes, 0);
  } finally {
    file.close();
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
