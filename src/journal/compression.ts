// Packs rotated logs that every sink has passed, and unpacks one again when a sink must go back.
// Streams, so that memory stays flat; the index is kept as it is and counts unpacked bytes.

import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { dirname } from "node:path";
import { appendAll, type Disk } from "../platform/disk.ts";

const chunkBytes = 64 * 1024;

/** Turns `{base}.log` into `{base}.log.gz`. Either one stands on the disk at all times, whole. */
export async function compressLog(disk: Disk, base: string): Promise<void> {
  await convert(disk, `${base}.log`, `${base}.log.gz`, createGzip());
}

/** The way back. */
export async function decompressLog(disk: Disk, base: string): Promise<void> {
  await convert(disk, `${base}.log.gz`, `${base}.log`, createGunzip());
}

async function convert(
  disk: Disk,
  from: string,
  to: string,
  transform: ReturnType<typeof createGzip>,
): Promise<void> {
  const temporary = `${to}.tmp`;
  if (disk.size(temporary) !== null) disk.remove(temporary);
  const target = disk.append(temporary);
  try {
    await pipeline(chunks(disk, from), transform, async (packed: AsyncIterable<Uint8Array>) => {
      for await (const chunk of packed) appendAll(target, chunk);
    });
    await target.sync();
  } catch (error) {
    disk.remove(temporary);
    throw error;
  } finally {
    target.close();
  }
  disk.rename(temporary, to);
  await disk.syncFolder(dirname(to));
  disk.remove(from);
}

async function* chunks(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const source = disk.read(path);
  try {
    const end = source.size();
    for (let offset = 0; offset < end;) {
      const chunk = new Uint8Array(Math.min(chunkBytes, end - offset));
      const count = await source.read(chunk, offset);
      if (count === 0) return;
      yield chunk.subarray(0, count);
      offset += count;
    }
  } finally {
    source.close();
  }
}
