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
  await disk.syncFolder(dirname(path));
}

/**
 * The state in `path`, its shape unchecked; `undefined` when there is none, or when it cannot be read
 * or is not JSON. Whoever keeps a state must do without it: nobody is there to mend the file.
 */
export function readState(disk: Disk, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(readAll(disk, path)));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function readAll(disk: Disk, path: string): Uint8Array {
  const file = disk.read(path);
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.readNow(bytes, 0));
  } finally {
    file.close();
  }
}
