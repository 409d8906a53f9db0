// Reads a packed log without unpacking it on the disk: from its beginning onwards, or from there
// again when somebody goes back.

import type { Disk } from "../platform/disk.ts";
import { unpackedPieces } from "./compression.ts";

export class PackedLog {
  readonly #disk: Disk;
  readonly #path: string;
  #pieces: AsyncGenerator<Uint8Array> | null = null;
  /** Behind which byte of the log the next piece begins. */
  #end = 0;
  #piece: Uint8Array = new Uint8Array(0);

  /** `path` is the packed file's. */
  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  /**
   * Fills `buffer` from `offset` of the log on; returns the bytes read, fewer only at its end.
   * @throws {Error} where the file is damaged
   */
  async read(buffer: Uint8Array, offset: number): Promise<number> {
    if (offset < this.#end - this.#piece.length) await this.close();
    let filled = 0;
    while (filled < buffer.length) {
      const at = offset + filled - (this.#end - this.#piece.length);
      const part = this.#piece.subarray(at, at + buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      if (filled < buffer.length && !await this.#advance()) break;
    }
    return filled;
  }

  async close(): Promise<void> {
    await this.#pieces?.return(undefined);
    this.#pieces = null;
    this.#piece = new Uint8Array(0);
    this.#end = 0;
  }

  async #advance(): Promise<boolean> {
    this.#pieces ??= unpackedPieces(this.#disk, this.#path);
    const { value, done } = await this.#pieces.next();
    if (done === true) return false;
    this.#piece = value;
    this.#end += value.length;
    return true;
  }
}
