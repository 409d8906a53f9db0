// One poll() over all descriptors, on one thread, however many ports there are. After a wake-up it
// pauses a moment so that bytes gather: that costs latency nobody notices and saves a third of the
// processor time.

import type { Clock } from "../../platform/clock.ts";
import { type Libc, POLLIN } from "../../platform/libc.ts";

const pollfdBytes = 8;

/** How long a poll lasts when nothing happens; it bounds how old `progressMs` can be. */
const timeoutMs = 1000;

/** One descriptor in the loop. */
export class PollEntry {
  #paused = false;

  constructor(
    private readonly loop: PollLoop,
    readonly fd: number,
    readonly onEvents: (events: number) => void,
    readonly broke: (error: unknown) => void,
  ) {}

  /** Leaves the descriptor out until `resume`. */
  pause(): void {
    this.#paused = true;
    this.loop.wake();
  }

  resume(): void {
    this.#paused = false;
    this.loop.wake();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Resolves when the descriptor is not being polled any more, and may be closed. */
  remove(): Promise<void> {
    return this.loop.remove(this);
  }
}

export class PollLoop implements AsyncDisposable {
  readonly #libc: Libc;
  readonly #clock: Clock;
  readonly #gatherMs: number;
  readonly #wakeFd: number;
  readonly #counter = new Uint8Array(8);
  readonly #entries = new Set<PollEntry>();
  readonly #removals: (() => void)[] = [];
  #stopped = false;
  #progressMs: number;
  readonly #done: Promise<void>;

  constructor(options: { readonly libc: Libc; readonly clock: Clock; readonly gatherMs?: number }) {
    this.#libc = options.libc;
    this.#clock = options.clock;
    this.#gatherMs = options.gatherMs ?? 15;
    this.#wakeFd = this.#libc.eventfd();
    this.#progressMs = this.#clock.monotonicMs();
    this.#done = this.#run();
  }

  /** When the loop last came round, on the monotonic clock. For a watchdog. */
  get progressMs(): number {
    return this.#progressMs;
  }

  /**
   * Calls `onEvents` with poll's event bits whenever `fd` can be read or is gone. What that throws is
   * told to `broke`, and it is not called any more: the others have their turns all the same.
   */
  add(
    fd: number,
    onEvents: (events: number) => void,
    broke: (error: unknown) => void,
  ): PollEntry {
    const entry = new PollEntry(this, fd, onEvents, broke);
    this.#entries.add(entry);
    this.wake();
    return entry;
  }

  remove(entry: PollEntry): Promise<void> {
    this.#entries.delete(entry);
    if (this.#stopped) return this.#done;
    return new Promise((resolve) => {
      this.#removals.push(resolve);
      this.wake();
    });
  }

  /** Makes a poll that is waiting return, to take in a change of the entries. */
  wake(): void {
    if (this.#stopped) return;
    this.#libc.write(this.#wakeFd, new Uint8Array(new BigUint64Array([1n]).buffer));
  }

  async stop(): Promise<void> {
    this.wake();
    this.#stopped = true;
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let ready = 0;
      try {
        ready = await this.#turn();
      } catch (error) {
        // Whoever is told takes its descriptor out, and comes back with another.
        for (const entry of this.#entries) this.#tell(entry, error);
      }
      for (const resolve of this.#removals.splice(0)) resolve();
      if (ready !== 0) await this.#clock.delay(this.#gatherMs);
    }
    this.#libc.close(this.#wakeFd);
    for (const resolve of this.#removals.splice(0)) resolve();
  }

  /** Resolves to how many had events; negative when the poll was interrupted. */
  async #turn(): Promise<number> {
    const entries = [...this.#entries].filter((entry) => !entry.paused);
    const pollfds = this.#pollfds(entries);
    const ready = await this.#libc.poll(pollfds, timeoutMs);
    this.#progressMs = this.#clock.monotonicMs();
    if (ready <= 0) return ready;
    const view = new DataView(pollfds.buffer);
    if (view.getInt16(6, true) !== 0) this.#libc.read(this.#wakeFd, this.#counter);
    for (const [i, entry] of entries.entries()) {
      const events = view.getInt16((i + 1) * pollfdBytes + 6, true);
      if (events !== 0 && this.#entries.has(entry)) this.#call(entry, events);
    }
    return ready;
  }

  #call(entry: PollEntry, events: number): void {
    try {
      entry.onEvents(events);
    } catch (error) {
      this.#tell(entry, error);
    }
  }

  #tell(entry: PollEntry, error: unknown): void {
    entry.pause();
    entry.broke(error);
  }

  #pollfds(entries: readonly PollEntry[]): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array((entries.length + 1) * pollfdBytes);
    const view = new DataView(bytes.buffer);
    for (const [i, fd] of [this.#wakeFd, ...entries.map((entry) => entry.fd)].entries()) {
      view.setInt32(i * pollfdBytes, fd, true);
      view.setInt16(i * pollfdBytes + 4, POLLIN, true);
    }
    return bytes;
  }
}
