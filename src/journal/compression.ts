// Packs rotated logs that every sink has passed, and unpacks one again when a sink must go back, as
// far as it can be read. Streams, so that memory stays flat; the index is kept as it is and counts
// unpacked bytes.

import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { dirname } from "node:path";
import { appendAll, type AppendFile, type Disk, type ReadFile } from "../platform/disk.ts";
import { errorText } from "../platform/notice.ts";

/** What unpacking gave. */
export interface UnpackedLog {
  readonly bytes: number;
  /** Why it ended before the file did; `null` when all is well. */
  readonly damage: string | null;
}

const chunkBytes = 64 * 1024;

/**
 * Turns `{base}.log` into `{base}.log.gz`. Either one stands on the disk at all times, whole: what
 * was packed is unpacked and compared before the log goes.
 * @throws {Error} what the disk threw, or that they differ; the log is as it was
 */
export async function compressLog(disk: Disk, base: string): Promise<void> {
  const from = `${base}.log`;
  const to = `${base}.log.gz`;
  await replace(disk, to, async (target, temporary) => {
    await pipeline(chunks(disk, from), createGzip(), appendTo(target));
    await target.sync();
    await verify(disk, temporary, from);
  });
  await disk.syncFolder(dirname(to));
  disk.remove(from);
}

/**
 * Turns `{base}.log.gz` into `{base}.log`, as far as it can be read. A packed log that is damaged is
 * kept as `{base}.log.gz.quarantine`.
 * @throws {Error} what the disk threw; the packed log is as it was
 */
export async function decompressLog(disk: Disk, base: string): Promise<UnpackedLog> {
  const from = `${base}.log.gz`;
  const to = `${base}.log`;
  const unpacked = await replace(disk, to, async (target) => {
    const found = await unpack(disk, from, target);
    await target.sync();
    return found;
  });
  await disk.syncFolder(dirname(to));
  if (unpacked.damage === null) {
    disk.remove(from);
  } else {
    disk.rename(from, `${from}.quarantine`);
    await disk.syncFolder(dirname(to));
  }
  return unpacked;
}

/** What is packed in the file at `path`, a piece at a time. @throws {Error} where it is damaged */
export async function* unpackedPieces(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  // What goes wrong, whoever ends it, comes out below.
  pipeline(chunks(disk, path), gunzip).catch(() => {});
  for await (const piece of gunzip) yield piece;
}

/** Gives `to` what `write` puts into a temporary file. */
async function replace<Result>(
  disk: Disk,
  to: string,
  write: (target: AppendFile, temporary: string) => Promise<Result>,
): Promise<Result> {
  const temporary = `${to}.tmp`;
  if (disk.size(temporary) !== null) disk.remove(temporary);
  const target = disk.append(temporary);
  let result: Result;
  try {
    result = await write(target, temporary);
  } catch (error) {
    disk.remove(temporary);
    throw error;
  } finally {
    target.close();
  }
  disk.rename(temporary, to);
  return result;
}

/**
 * Unpacks what can be unpacked. The unpacker keeps to itself what a piece gave in which it met
 * damage: a file that turns out to be damaged is read again, that piece byte by byte.
 */
async function unpack(disk: Disk, path: string, target: AppendFile): Promise<UnpackedLog> {
  const found = await unpackPieces(disk, path, { target, wholeBytes: Infinity });
  if (found.damage === null) return found;
  target.truncate(0);
  return await unpackPieces(disk, path, { target, wholeBytes: found.takenBytes });
}

/** Feeds large pieces up to `wholeBytes`, then single bytes. */
async function unpackPieces(
  disk: Disk,
  path: string,
  { target, wholeBytes }: { readonly target: AppendFile; readonly wholeBytes: number },
): Promise<UnpackedLog & { readonly takenBytes: number }> {
  const gunzip = createGunzip();
  let bytes = 0;
  let takenBytes = 0;
  let refusal: unknown = null;
  let damage: string | null = null;
  gunzip.on("data", (piece: Uint8Array) => {
    try {
      if (refusal === null) appendAll(target, piece);
      bytes += piece.length;
    } catch (error) {
      refusal = error;
    }
  });
  // Deno 2.4 calls no write back in which damage was met: the error ends the wait for it, too.
  let goOn = (): void => {};
  const ended = new Promise<void>((resolve) => {
    gunzip.on("end", resolve);
    gunzip.on("error", (error) => {
      damage ??= errorText(error);
      goOn();
      resolve();
    });
  });
  const give = async (piece: Uint8Array): Promise<void> => {
    if (damage !== null || refusal !== null) return;
    await new Promise<void>((resolve) => {
      goOn = resolve;
      gunzip.write(piece, () => resolve());
    });
    if (damage === null) takenBytes += piece.length;
  };
  for await (const chunk of chunks(disk, path)) {
    if (takenBytes + chunk.length <= wholeBytes) await give(chunk);
    else for (let at = 0; at < chunk.length; at++) await give(chunk.slice(at, at + 1));
  }
  if (damage === null) gunzip.end();
  await ended;
  gunzip.destroy();
  if (refusal !== null) throw refusal;
  return { bytes, damage, takenBytes };
}

/** @throws {Error} when the packed log is not the log */
async function verify(disk: Disk, packed: string, path: string): Promise<void> {
  const log = disk.read(path);
  try {
    let offset = 0;
    await pipeline(
      chunks(disk, packed),
      createGunzip(),
      async (unpacked: AsyncIterable<Uint8Array>) => {
        for await (const piece of unpacked) {
          if (!await standsAt(log, offset, piece)) throw new Error(`it differs behind ${offset}`);
          offset += piece.length;
        }
      },
    );
    if (offset !== log.size()) throw new Error(`${offset} of ${log.size()} bytes`);
  } catch (cause) {
    throw new Error(`pack ${path}: read back: ${errorText(cause)}`, { cause });
  } finally {
    log.close();
  }
}

async function standsAt(log: ReadFile, offset: number, piece: Uint8Array): Promise<boolean> {
  const original = new Uint8Array(piece.length);
  await log.read(original, offset);
  return original.every((byte, i) => byte === piece[i]);
}

function appendTo(target: AppendFile): (source: AsyncIterable<Uint8Array>) => Promise<void> {
  return async (source) => {
    for await (const chunk of source) appendAll(target, chunk);
  };
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
