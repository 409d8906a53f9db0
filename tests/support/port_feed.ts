// An exchange that never stops talking: records with numbers of their own at a steady pace, cut into
// pieces that care for no boundary.

const pieceMs = 20;
/** What is left of a piece for the next one to begin with. */
const cutBytes = 5;

export interface PortFeedOptions {
  /** Takes what the exchange says, as fast as there is room. */
  readonly terminal: {
    readonly write: (bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<unknown>;
  };
  readonly port: number;
  /** Records a second. @default {500} */
  readonly rate?: number;
  /** The records' own bytes. @default {20 to 79} */
  readonly recordBytes?: number;
  /**
   * Whether what there was no room for is said faster afterwards, instead of later at the same pace.
   * @default {true}
   */
  readonly catchesUp?: boolean;
}

export class PortFeed implements AsyncDisposable {
  /** Whole records that the kernel has taken, in order. */
  readonly sent: string[] = [];
  /** Longest time that a piece had to wait for room in the kernel. */
  longestWaitMs = 0;
  readonly #options: PortFeedOptions;
  readonly #stop = new AbortController();
  readonly #abandon = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(options: PortFeedOptions) {
    this.#options = options;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Ends with a whole record. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** Ends at once, also when nobody reads. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abandon.abort();
    await this.stop();
  }

  async #run(): Promise<void> {
    const { rate = 500, catchesUp = true } = this.#options;
    const signal = this.#stop.signal;
    let begunMs = performance.now();
    let rest: string[] = [];
    let restBytes = "";
    let made = 0;
    while (!signal.aborted) {
      const due = Math.ceil((performance.now() - begunMs) * rate / 1000);
      const records = Array.from({ length: due - made }, (_, i) => this.#record(made + i));
      made = Math.max(made, due);
      const text = restBytes + records.map((record) => `${record}\r\n`).join("");
      const cut = Math.max(0, text.length - cutBytes);
      const waitedMs = await this.#write(text.slice(0, cut));
      if (!catchesUp) begunMs += waitedMs;
      restBytes = text.slice(cut);
      // The last one has not been sent to its end.
      const begun = [...rest, ...records];
      this.sent.push(...begun.slice(0, -1));
      rest = begun.slice(-1);
      await new Promise((resolve) => setTimeout(resolve, pieceMs));
    }
    await this.#write(restBytes);
    this.sent.push(...rest);
  }

  #record(number: number): string {
    const { port, recordBytes = 20 + (number * 7) % 60 } = this.#options;
    return `${port}-${number} 5555550142 `.padEnd(recordBytes, "x");
  }

  /** Resolves to how long it took until there was room. */
  async #write(text: string): Promise<number> {
    const begunMs = performance.now();
    const bytes = new TextEncoder().encode(text);
    await this.#options.terminal.write(bytes, this.#abandon.signal);
    const waitedMs = performance.now() - begunMs;
    this.longestWaitMs = Math.max(this.longestWaitMs, waitedMs);
    return waitedMs;
  }
}
