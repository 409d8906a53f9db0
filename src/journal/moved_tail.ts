// An open record moves along when a log is rotated: it is copied to the next one, and then cut off. A
// crash may come in between, or take the cut back.

import type { Disk } from "../platform/disk.ts";

/** Cuts off what stands at `offset` of a log if the log of `next` begins with it; whether it did. */
export function cutMovedTail(
  disk: Disk,
  { base, offset, next }: {
    /** Path of the segment's files without ending. */
    readonly base: string;
    readonly offset: number;
    /** The same of the segment that came after it. */
    readonly next: string;
  },
): boolean {
  if (disk.size(`${next}.log`) === null) return false;
  const length = (disk.size(`${base}.log`) ?? offset) - offset;
  const tail = readPart(disk, `${base}.log`, offset, length);
  const moved = readPart(disk, `${next}.log`, 0, length);
  if (!tail.every((byte, i) => byte === moved[i])) return false;
  const log = disk.append(`${base}.log`);
  try {
    log.truncate(offset);
    return true;
  } finally {
    log.close();
  }
}

function readPart(disk: Disk, path: string, offset: number, length: number): Uint8Array {
  const file = disk.read(path);
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, file.readNow(bytes, offset));
  } finally {
    file.close();
  }
}
