// Memory for records that the disk does not take, shared by all channels. When it is used up, the
// channel that holds most gives up its oldest records: a flood on one port does not cost another's.

/** A journal, as far as its records in memory go. */
export interface TailUser {
  readonly tailBytes: number;
  /** Lets go of the oldest records in memory; false when there are none that can go. */
  giveUpOldest(): boolean;
}

export class TailBudget {
  readonly maxBytes: number;
  readonly #users = new Set<TailUser>();

  constructor(options: { readonly maxBytes: number }) {
    this.maxBytes = options.maxBytes;
  }

  get usedBytes(): number {
    let sum = 0;
    for (const { tailBytes } of this.#users) sum += tailBytes;
    return sum;
  }

  /** Size at which a journal begins a new segment in memory: what is given up at once. */
  get segmentBytes(): number {
    return Math.min(256 * 1024, Math.max(4 * 1024, Math.floor(this.maxBytes / 64)));
  }

  /** The next records that come may cost older ones. */
  get isNearlyFull(): boolean {
    return this.usedBytes + 4 * this.segmentBytes > this.maxBytes;
  }

  join(user: TailUser): void {
    this.#users.add(user);
  }

  leave(user: TailUser): void {
    this.#users.delete(user);
  }

  /** There is room for so many bytes, and nobody has to give anything up. */
  hasRoom(bytes: number): boolean {
    return this.usedBytes + bytes <= this.maxBytes;
  }

  /** Makes room for so many bytes; false when nobody has anything left to give up. */
  makeRoom(bytes: number): boolean {
    if (bytes > this.maxBytes) return false;
    while (!this.hasRoom(bytes)) {
      const byNeed = [...this.#users].sort((a, b) => b.tailBytes - a.tailBytes);
      if (!byNeed.some((user) => user.giveUpOldest())) return false;
    }
    return true;
  }
}
