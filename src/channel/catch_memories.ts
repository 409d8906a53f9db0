// The lasting memory of every channel's catch buffer, by the channel's name. It is mapped once: a
// channel that is opened again finds there what the one before it had read, and nothing that is left
// of that one can touch memory that is not there any more.

import { LastingMemory } from "../platform/lasting_memory.ts";
import type { Libc } from "../platform/libc.ts";
import { catchBufferBytes } from "./catch_buffer.ts";

export class CatchMemories {
  readonly #libc: Libc;
  readonly #prefix: string;
  readonly #mapped = new Map<string, LastingMemory>();

  /** `prefix` is the beginning of the names of the files, on a memory file system. */
  constructor(libc: Libc, prefix: string) {
    this.#libc = libc;
    this.#prefix = prefix;
  }

  open(channel: string): Uint8Array<ArrayBuffer> {
    const memory = this.#mapped.get(channel) ??
      new LastingMemory(this.#libc, `${this.#prefix}${channel}`, catchBufferBytes);
    this.#mapped.set(channel, memory);
    return memory.bytes;
  }

  /** Forgets for good what is in it. The channel has stopped, and touches it no more. */
  remove(channel: string): void {
    this.#mapped.get(channel)?.remove();
    this.#mapped.delete(channel);
  }
}
