// A call system that posts XML at a steady pace, over a connection that stays, and notes how long each
// answer takes: it comes when the record is safe.

const bodyBytes = 3000;

export class TimedPosts implements AsyncDisposable {
  /** Answered with 200. */
  answered = 0;
  /** What else was answered, and what broke. */
  readonly wrong: string[] = [];
  readonly #url: string;
  readonly #pauseMs: number;
  readonly #stop = new AbortController();
  #latencies: number[] = [];
  #done: Promise<void> = Promise.resolve();

  constructor(options: { readonly url: string; readonly pauseMs: number }) {
    this.#url = options.url;
    this.#pauseMs = options.pauseMs;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Ends after the answer to what is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** How long the answers took that came since the last call, in ms. */
  takeLatencies(): number[] {
    return this.#latencies.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    for (let number = 0; !this.#stop.signal.aborted; number++) {
      const body = `<call number="${number}" caller="5555550142">`.padEnd(bodyBytes, "x");
      const startMs = performance.now();
      try {
        const response = await fetch(this.#url, { method: "POST", body });
        const text = await response.text();
        if (response.status === 200) this.answered += 1;
        else this.wrong.push(`${response.status} ${text}`);
      } catch (error) {
        this.wrong.push(String(error));
      }
      this.#latencies.push(performance.now() - startMs);
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    }
  }
}
