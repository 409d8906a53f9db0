// When a journal is made safe: at most once an interval, or after every append; one round at a time,
// each covering all that was appended before it began (group commit).

import { errorText, type Report } from "../platform/notice.ts";

/** How long to wait after a refused round, so that a dead disk does not take the processor too. */
const retryMs = 250;
/** Rounds of a stop: one to sync, one to bring home what is in memory, one to make that safe. */
const lastRounds = 3;

export class SyncSchedule {
  readonly #interval: number | "always";
  readonly #appended: () => number;
  readonly #keep: () => Promise<boolean>;
  readonly #report: Report;
  readonly #waiters = new Set<() => void>();
  #synced: number;
  /** Whatever is safe behind it, nobody learns of it. */
  #limit = Infinity;
  #dirty = false;
  #done = true;
  #failing = false;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  /** A round is under way; from its first call on, which `#running` is not. */
  #isBusy = false;
  #isUrgent = false;
  #isOver = false;

  constructor(options: {
    /** Milliseconds, or after every append. */
    readonly interval: number | "always";
    /** Last sequence appended; also what is safe at the start. */
    readonly appended: () => number;
    /** Makes safe what was appended; false when it wants to be called again without a request. */
    readonly keep: () => Promise<boolean>;
    readonly report: Report;
  }) {
    this.#interval = options.interval;
    this.#appended = options.appended;
    this.#keep = options.keep;
    this.#report = options.report;
    this.#synced = options.appended();
  }

  /** Last sequence known to be safe. */
  get synced(): number {
    return this.#synced;
  }

  /** Something was appended. */
  request(): void {
    this.#dirty = true;
    if (this.#running !== null || this.#timer !== undefined || this.#stopped) return;
    const waitMs = this.#interval === "always" ? 0 : this.#interval;
    if (waitMs === 0 && !this.#failing) this.#start();
    else this.#wait(this.#failing ? retryMs : waitMs);
  }

  /** Something cannot wait for the interval. */
  hurry(): void {
    this.#dirty = true;
    this.#isUrgent = true;
    if (!this.#isBusy && !this.#failing && !this.#stopped) this.#start();
  }

  /** Everything up to `sequence` is safe already. */
  advance(sequence: number): void {
    this.#synced = Math.min(sequence, this.#limit);
    for (const look of [...this.#waiters]) look();
  }

  /** From now on nothing behind `sequence` is told to be safe, nor that it was. */
  limit(sequence: number): void {
    this.#limit = sequence;
    this.#synced = Math.min(this.#synced, sequence);
  }

  /** Makes safe all that was appended before the call. @throws {Error} when that is refused */
  async now(): Promise<void> {
    if (this.#running !== null) await this.#running;
    // A round that somebody else has begun meanwhile began after the call, too.
    if (!this.#isOver) await this.#start();
    if (this.#failing) throw new Error("sync: the disk refused; see the log");
  }

  /** Resolves when more than `sequence` is safe, or when `signal` aborts. */
  beyond(sequence: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#synced <= sequence && !signal.aborted) return;
        this.#waiters.delete(look);
        signal.removeEventListener("abort", look);
        resolve();
      };
      this.#waiters.add(look);
      signal.addEventListener("abort", look);
      look();
    });
  }

  /** Last rounds, until all is done or refused; then none. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (let round = 0; round < lastRounds; round++) {
      while (this.#running !== null) await this.#running;
      await this.#start();
      if (this.#done || this.#failing) break;
    }
    // Those who still wait for a round of their own have been served by these, or have begun one.
    this.#isOver = true;
    while (this.#running !== null) await this.#running;
  }

  /** Begins no more rounds; waits for the one that is under way. */
  async halt(): Promise<void> {
    this.#stopped = true;
    this.#isOver = true;
    clearTimeout(this.#timer);
    while (this.#running !== null) await this.#running;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#start(), ms);
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const covered = this.#appended();
    this.#dirty = false;
    this.#isUrgent = false;
    this.#isBusy = true;
    try {
      this.#done = await this.#keep();
      this.#synced = Math.min(Math.max(this.#synced, covered), this.#limit);
      this.#failing = false;
    } catch (error) {
      this.#dirty = true;
      if (!this.#failing) {
        this.#report({
          level: "error",
          kind: "sync_failed",
          message: `sync journal: ${errorText(error)}`,
          hint: "check the disk: dmesg, df -h, mount",
        });
      }
      this.#failing = true;
    }
    this.#running = null;
    this.#isBusy = false;
    for (const look of [...this.#waiters]) look();
    if (this.#stopped) return;
    if (this.#isUrgent && !this.#failing) this.#start();
    else if (this.#dirty) this.request();
    else if (!this.#done) this.#wait(retryMs);
  }
}
