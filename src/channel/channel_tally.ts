// What a channel has counted since its start, for whoever asks how it gets on.

import type { Fragment } from "../framer/framer.ts";

/** Since the start. */
export interface ChannelCounts {
  /** Read. */
  readonly bytes: number;
  /** Ended, whole or not. */
  readonly records: number;
  /** Runs of bytes that arrived damaged, and what came that was no record or could not be taken. */
  readonly errors: number;
  /** How often the source came back after it had gone. */
  readonly reconnects: number;
  /** When the newest record ended, in milliseconds since 1970; `null` before the first. */
  readonly lastRecordMs: number | null;
}

export const noCounts: ChannelCounts = {
  bytes: 0,
  records: 0,
  errors: 0,
  reconnects: 0,
  lastRecordMs: null,
};

/** What two that follow each other have counted together. */
export function addCounts(before: ChannelCounts, after: ChannelCounts): ChannelCounts {
  return {
    bytes: before.bytes + after.bytes,
    records: before.records + after.records,
    errors: before.errors + after.errors,
    reconnects: before.reconnects + after.reconnects,
    lastRecordMs: after.lastRecordMs ?? before.lastRecordMs,
  };
}

export class ChannelTally {
  #bytes = 0;
  #records = 0;
  #errors = 0;
  #reconnects = 0;
  #isGone = false;
  #lastRecordMs: number | null = null;

  get counts(): ChannelCounts {
    return {
      bytes: this.#bytes,
      records: this.#records,
      errors: this.#errors,
      reconnects: this.#reconnects,
      lastRecordMs: this.#lastRecordMs,
    };
  }

  /** Whether it had gone before. */
  opened(): boolean {
    const wasGone = this.#isGone;
    if (wasGone) this.#reconnects += 1;
    this.#isGone = false;
    return wasGone;
  }

  closed(): void {
    this.#isGone = true;
  }

  read(bytes: number): void {
    this.#bytes += bytes;
  }

  damaged(): void {
    this.#errors += 1;
  }

  /** `fragments` were cut from what was read at `timeMs`. */
  cut(fragments: readonly Fragment[], timeMs: number): void {
    for (const { end } of fragments) {
      if (end === null) continue;
      this.#records += 1;
      this.#lastRecordMs = timeMs;
    }
  }
}
