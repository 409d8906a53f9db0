// When a journal is synced: at most once an interval, or after every append; one sync at a time,
// each covering all that was appended before it began (group commit).

import { errorText, type Report } from "../platform/notice.ts";

/** How long to wait after a refused sync, so that a dead disk does not take the processor too. */
const retryMs = 250;

export class SyncSchedule {
  readonly #interval: number | "always";
  readonly #appended: () => number;
  readonly #sync: () => Promise<void>;
  readonly #report: Report;
  readonly #retired: { close(): void }[] = [];
  readonly #waiters = new Set<() => void>();
  #synced: number;
  #dirty = false;
  #failing = false;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;

  constructor(options: {
    /** Milliseconds, or after every append. */
    readonly interval: number | "always";
    /** Last sequence appended; also what is synced at the start. */
    readonly appended: () => number;
    readonly sync: () => Promise<void>;
    readonly report: Report;
  }) {
    this.#interval = options.interval;
    this.#appended = options.appended;
    this.#sync = options.sync;
    this.#report = options.report;
    this.#synced = options.appended();
  }

  /** Last sequence known to be on disk. */
  get synced(): number {
    return this.#synced;
  }

  /** Something was appended. */
  request(): void {
    this.#dirty = true;
    if (this.#running !== null || this.#timer !== undefined || this.#stopped) return;
    const waitMs = this.#interval === "always" ? 0 : this.#interval;
    if (waitMs === 0 && !this.#failing) this.#start();
    else this.#timer = setTimeout(() => this.#start(), this.#failing ? retryMs : waitMs);
  }

  /** Syncs all that was appended before the call. @throws {Error} when the disk refuses */
  async now(): Promise<void> {
    while (this.#running !== null) await this.#running;
    await this.#start();
    if (this.#failing) throw new Error("sync: the disk refused; see the log");
  }

  /** Resolves when more than `sequence` is synced, or when `signal` aborts. */
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

  /** A file that was synced for the last time; it is closed when no sync is using it any more. */
  retire(file: { close(): void }): void {
    this.#retired.push(file);
    this.#closeRetired();
  }

  /** Syncs a last time and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#running !== null) await this.#running;
    await this.#start();
    this.#closeRetired();
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    const covered = this.#appended();
    this.#dirty = false;
    try {
      await this.#sync();
      this.#synced = covered;
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
    this.#closeRetired();
    for (const look of [...this.#waiters]) look();
    if (this.#dirty) this.request();
  }

  #closeRetired(): void {
    if (this.#running !== null) return;
    for (const file of this.#retired.splice(0)) file.close();
  }
}
