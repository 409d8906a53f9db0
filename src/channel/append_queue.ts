// What a channel has cut into records, on its way into the journal: in order, tried again where the
// journal refuses, and with what is known of damage on the line.

import type { Fragment } from "../framer/framer.ts";
import { AppendError } from "../journal/append_error.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import type { CatchBuffer } from "./catch_buffer.ts";
import type { FaultGuard } from "./fault_guard.ts";

/** How long to wait before a refused append is tried again. */
const retryMs = 250;

const nothing = new Uint8Array(0);

export interface AppendQueueOptions {
  readonly journal: Journal;
  readonly catchBuffer: CatchBuffer;
  readonly clock: Clock;
  /** What the timer's turns run under. */
  readonly guard: FaultGuard;
  /** The journal takes nothing for now. */
  readonly refused: (error: AppendError) => void;
  /** All that it had refused is in the journal. */
  readonly resumed: () => void;
}

interface Waiting {
  readonly fragments: readonly Fragment[];
  readonly timeMs: number;
  readonly appended: ((from: number) => void) | undefined;
}

export class AppendQueue {
  readonly #options: AppendQueueOptions;
  /** What was refused, in order. */
  #waiting: Waiting[] = [];
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** Something waits that disk and memory refused: nothing more should be read. */
  get isRefused(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Appends fragments, all or none, behind what was refused before. `appended` is called in the turn
   * in which that is done, with the number of the first record that they belong to.
   */
  append(fragments: readonly Fragment[], timeMs: number, appended?: (from: number) => void): void {
    if (fragments.length === 0) return;
    this.#waiting.push({ fragments, timeMs, appended });
    if (this.#retryTimer === undefined) this.#work();
  }

  /** What marks the record as damaged that is open behind `before`, if there is one. */
  damageAfter(before: readonly Fragment[]): Fragment[] {
    const last = before.at(-1) ?? this.#waiting.at(-1)?.fragments.at(-1);
    const isOpen = last === undefined
      ? this.#options.journal.position.openBytes !== null
      : last.end === null;
    return isOpen ? [{ bytes: nothing, end: null, damaged: true }] : [];
  }

  /** What a kill made the journal forget of its open record. */
  takeUpDamage(): void {
    const { catchBuffer, clock } = this.#options;
    if (catchBuffer.openDamaged) this.append(this.damageAfter([]), clock.wallMs());
  }

  stop(): void {
    clearTimeout(this.#retryTimer);
  }

  #work(): void {
    const { journal, refused, resumed } = this.#options;
    const isRetry = this.#retryTimer !== undefined;
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        const from = journal.lastSequence + 1;
        journal.append(first.fragments, first.timeMs);
        this.#waiting.shift();
        first.appended?.(from);
        this.#noteDamage(first.fragments);
      }
    } catch (error) {
      if (!(error instanceof AppendError)) throw error;
      const { guard } = this.#options;
      this.#retryTimer = setTimeout(() => guard.run(() => this.#work(), undefined), retryMs);
      if (!isRetry) refused(error);
      return;
    }
    this.#retryTimer = undefined;
    if (isRetry) resumed();
  }

  /** Whether the open record is damaged is known here alone until it ends. */
  #noteDamage(fragments: readonly Fragment[]): void {
    const { catchBuffer } = this.#options;
    let isDamaged = catchBuffer.openDamaged;
    for (const { end, damaged = false } of fragments) {
      isDamaged = end === null && (isDamaged || damaged);
    }
    catchBuffer.openDamaged = isDamaged;
  }
}
