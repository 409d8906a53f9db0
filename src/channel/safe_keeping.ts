// Tells whoever must answer for records when a power cut cannot take them back. Many are waited for
// together, with one sync.

import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import { RecordRefused } from "../source/record_source.ts";

/** How often a disk that refuses is asked whether it takes records again. */
const retryMs = 250;

/** Records that are in the journal and not known to be safe. */
interface Unsafe {
  readonly from: number;
  readonly to: number;
  /** `null` where the numbers are not final, because the disk could not be opened yet. */
  readonly epoch: string | null;
  readonly resolve: () => void;
  readonly reject: (error: RecordRefused) => void;
}

export class SafeKeeping {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  /** In the order of the journal. */
  #unsafe: Unsafe[] = [];
  #securing: Promise<void> | null = null;

  constructor(options: { readonly journal: Journal; readonly clock: Clock }) {
    this.#journal = options.journal;
    this.#clock = options.clock;
  }

  /**
   * Resolves when the records from `from` to the newest, which were appended in this turn, are safe
   * on the disk; in their order. @throws {RecordRefused} when they are not going to be
   */
  async secure(from: number): Promise<void> {
    const { isOpen, epoch, lastSequence: to } = this.#journal;
    await new Promise<void>((resolve, reject) => {
      this.#unsafe.push({ from, to, epoch: isOpen ? epoch : null, resolve, reject });
      this.#securing ??= this.#secure();
    });
  }

  /** Makes no more attempts; what is not safe then is refused. To be called after a last sync. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#securing;
    this.#settle();
    for (const { reject } of this.#unsafe.splice(0)) {
      reject(new RecordRefused("the service stops before the disk took it", { isKept: true }));
    }
  }

  /** Until all is safe that was appended, or the service stops. */
  async #secure(): Promise<void> {
    while (this.#unsafe.length > 0 && !this.#stopping.signal.aborted) {
      if (!await this.#sync()) await this.#clock.delay(retryMs, this.#stopping.signal);
      this.#settle();
    }
    this.#securing = null;
  }

  /** False when the disk takes nothing for now. */
  async #sync(): Promise<boolean> {
    try {
      await this.#journal.sync();
    } catch {
      // The journal has told it.
      return false;
    }
    return this.#journal.isOpen && !this.#journal.inMemory;
  }

  #settle(): void {
    if (!this.#journal.isOpen) return;
    const safe = this.#journal.durableSequence;
    for (let first = this.#unsafe[0]; first !== undefined; first = this.#unsafe[0]) {
      const { from, to, epoch, resolve, reject } = first;
      if (epoch !== null && to > safe) return;
      this.#unsafe.shift();
      // What memory had to give up is in no segment any more.
      const isKept = [from, to].every((sequence) => this.#journal.epochOf(sequence) === epoch);
      if (isKept) resolve();
      else if (epoch !== null) reject(new RecordRefused("memory gave it up", { isKept: false }));
      else reject(new RecordRefused("the disk was not there when it came", { isKept: true }));
    }
  }
}
