// How much of the bodies of all posts together may be in memory: whoever comes when that is used up
// is told to come again.

/** Room for one of the largest, and many of the usual ones. */
const defaultMaxBytes = 64 * 2 ** 20;

export class HttpLoad {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(options: { readonly maxBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
  }

  get usedBytes(): number {
    return this.#bytes;
  }

  /** Begins a post's share. */
  share(): LoadShare {
    return new LoadShare((bytes) => {
      if (bytes > 0 && this.#bytes + bytes > this.#maxBytes) return false;
      this.#bytes += bytes;
      return true;
    });
  }
}

/** What one post holds, until it is disposed of. */
export class LoadShare implements Disposable {
  readonly #add: (bytes: number) => boolean;
  #bytes = 0;

  constructor(add: (bytes: number) => boolean) {
    this.#add = add;
  }

  /** So many bytes more; false when there is no room for them. */
  grow(bytes: number): boolean {
    if (!this.#add(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  [Symbol.dispose](): void {
    this.#add(-this.#bytes);
    this.#bytes = 0;
  }
}
