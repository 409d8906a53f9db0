// A journal of JSON lines about the service itself. The same as a channel's journal, so that what is
// written in the dark is delivered later, in order and once; but it never takes room that records
// need: it is small, has memory of its own, and goes first where room is short.

import { AppendError } from "../journal/append_error.ts";
import { Journal } from "../journal/journal.ts";
import type { SpaceGate } from "../journal/journal_options.ts";
import { TailBudget } from "../journal/tail_budget.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Report } from "../platform/notice.ts";
import { jsonBehindHeader, jsonHeader } from "./json_lines.ts";

export interface JsonJournalOptions {
  readonly name: string;
  readonly folder: string;
  readonly statePath: string;
  readonly tailFolder: string;
  /** Closed already when there is no more than what records may use. */
  readonly space: SpaceGate;
  readonly boot: string;
  /** On the disk. What is older goes, delivered or not. */
  readonly maxBytes: number;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly report: Report;
}

/** Of which all but the active one can be let go. */
const segments = 4;
const memoryBytes = 256 * 1024;
const syncMs = 250;

export class JsonJournal implements AsyncDisposable {
  readonly journal: Journal;
  readonly #maxBytes: number;
  /** First sequence that was not let go. */
  #kept = 1;

  /** @throws {Error} when neither disk nor memory can be used */
  static async open(options: JsonJournalOptions): Promise<JsonJournal> {
    const { name, statePath, maxBytes } = options;
    const journal = await Journal.open({
      ...options,
      recordHeader: jsonHeader,
      statePath: `${statePath}/${name}.journal.json`,
      tailBudget: new TailBudget({ maxBytes: memoryBytes }),
      maxSegmentBytes: Math.floor(maxBytes / (segments + 1)),
      maxBackups: segments - 1,
      compress: false,
      holders: [name],
      sync: syncMs,
    });
    return new JsonJournal(journal, maxBytes);
  }

  private constructor(journal: Journal, maxBytes: number) {
    this.journal = journal;
    this.#maxBytes = maxBytes;
  }

  /** Appends an object as of `timeMs`; false when disk and memory refuse it. */
  append(fields: object, timeMs: number): boolean {
    const bytes = jsonBehindHeader({ ...fields });
    try {
      this.journal.append([{ bytes, end: "line_feed" }], timeMs);
    } catch (error) {
      if (error instanceof AppendError) return false;
      throw error;
    }
    this.#letGo();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close();
  }

  #letGo(): void {
    const { shelf } = this.journal;
    let excess = this.journal.bytes - this.#maxBytes;
    for (const segment of shelf.disposable) {
      if (excess <= 0) return;
      excess -= segment.bytes;
      if (segment.firstSequence < this.#kept) continue;
      this.#kept = segment.lastSequence + 1;
      shelf.giveUp(segment, "newer ones need the room");
    }
  }
}
