// What was read and is not in the raw files yet: bounded, and cheap to add to, for that is done
// before the bytes are recorded. What does not fit is counted.

interface Moment {
  readonly timeMs: number;
  /** How the receiver was set: `9600 8N1`. */
  readonly settings: string;
}

/** What happened on a port: a read, or what was done with it. */
export type RawEntry = Moment & ({ readonly bytes: Uint8Array } | { readonly note: string });

/** What was not kept, from a moment on. */
export interface RawGap extends Moment {
  readonly bytes: number;
  readonly reads: number;
  /** When the last of it was read. */
  readonly untilMs: number;
}

/** About what an entry takes beside its bytes. */
const entryBytes = 64;

export class RawBuffer {
  readonly #maxBytes: number;
  #entries: RawEntry[] = [];
  #bytes = 0;
  #gap: RawGap | null = null;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  /** A quarter is used. */
  get isFilling(): boolean {
    return this.#bytes > this.#maxBytes / 4;
  }

  /** Keeps the entry, whose bytes must stay as they are, unless there is no room for it. */
  add(entry: RawEntry): void {
    const bytes = "bytes" in entry ? entry.bytes.length : 0;
    const size = bytes + entryBytes;
    // Whatever comes behind a gap would seem to stand before it.
    if (this.#gap !== null || this.#bytes + size > this.#maxBytes) {
      const { timeMs, settings } = entry;
      const gap = this.#gap ?? { timeMs, settings, bytes: 0, reads: 0 };
      const reads = gap.reads + (bytes > 0 ? 1 : 0);
      this.#gap = { ...gap, bytes: gap.bytes + bytes, reads, untilMs: timeMs };
      return;
    }
    this.#entries.push(entry);
    this.#bytes += size;
  }

  /** All that is kept, and what is missing behind it. */
  take(): { readonly entries: readonly RawEntry[]; readonly gap: RawGap | null } {
    const taken = { entries: this.#entries, gap: this.#gap };
    this.#entries = [];
    this.#bytes = 0;
    this.#gap = null;
    return taken;
  }
}
