// How much may be under way to a server at once: records and bytes, over all channels of a sink. A
// slow server shrinks the window, a healthy one grows it (additive increase, multiplicative
// decrease). The byte limit keeps well below what hangs the client when a server stops reading.

const maxBytes = 1024 * 1024;

/** An acknowledgement that took longer says that the server is busy. */
const slowMs = 500;

export class SendWindow {
  readonly #maxRecords: number;
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
  #size: number;
  #records = 0;
  #bytes = 0;
  #shrunkMs = -Infinity;
  #closed = false;

  constructor(options: { readonly initial: number; readonly maxRecords: number }) {
    this.#size = options.initial;
    this.#maxRecords = options.maxRecords;
  }

  /** Records that may be under way at present. */
  get size(): number {
    return Math.floor(this.#size);
  }

  get inFlight(): number {
    return this.#records;
  }

  /** Takes room for a record if there is some and nobody is waiting for it. */
  tryEnter(bytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) return false;
    this.#records += 1;
    this.#bytes += bytes;
    return true;
  }

  /** Resolves when the record has its room, first come, first served. */
  enter(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, enter: resolve });
      this.#admit();
    });
  }

  /** Gives a record's room back. `latencyMs` is how long its acknowledgement took. */
  leave(bytes: number, latencyMs: number, nowMs: number): void {
    this.#records -= 1;
    this.#bytes -= bytes;
    if (latencyMs <= slowMs) {
      this.#size = Math.min(this.#maxRecords, this.#size + Math.max(1 / this.#size, 0.25));
    } else if (nowMs - this.#shrunkMs > latencyMs) {
      this.#size = Math.max(1, this.#size / 2);
      this.#shrunkMs = nowMs;
    }
    this.#admit();
  }

  /** Lets everybody in who waits: nothing will be sent any more. */
  close(): void {
    this.#closed = true;
    this.#admit();
  }

  #fits(bytes: number): boolean {
    if (this.#records === 0 || this.#closed) return true;
    return this.#records < this.size && this.#bytes + bytes <= maxBytes;
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#fits(first.bytes)) return;
      this.#waiting.shift();
      this.#records += 1;
      this.#bytes += first.bytes;
      first.enter();
    }
  }
}
