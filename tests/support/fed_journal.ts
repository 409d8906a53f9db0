// A real journal on the real disk, fed with numbered lines the way a channel feeds it.

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { Journal } from "../../src/journal/journal.ts";
import { journalOf, plentyOfRoom } from "./journal_box.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import type { Report } from "../../src/platform/notice.ts";
import type { ChannelId, JournalRecord } from "../../src/record.ts";

export interface FedJournalOptions {
  readonly folder: string;
  /** @default {"1429010002", "A1"} */
  readonly channel?: ChannelId;
  readonly report?: Report;
}

export class FedJournal implements AsyncDisposable {
  readonly journal: Journal;
  readonly #folder: string;
  readonly #framer: LineFramer;
  #fed = 0;

  static async open(options: FedJournalOptions): Promise<FedJournal> {
    const channel = options.channel ?? { fips: "1429010002", side: "A1" };
    const { folder } = options;
    const journal = await Journal.open({
      ...journalOf(channel),
      folder,
      ...plentyOfRoom(`${folder}/tail`),
      statePath: `${folder}/${channel.fips}-${channel.side}.json`,
      boot: "one",
      maxSegmentBytes: 1024 * 1024 * 1024,
      maxBackups: 10,
      compress: false,
      holders: ["test"],
      sync: 5,
      disk: systemDisk,
      clock: systemClock,
      report: options.report ?? (() => {}),
    });
    return new FedJournal(journal, folder);
  }

  private constructor(journal: Journal, folder: string) {
    this.journal = journal;
    this.#folder = folder;
    this.#framer = new LineFramer({ position: journal.position });
  }

  /** Appends records that are all different, and hold bytes that are not text. */
  feed(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#fed += 1;
      const text = `${this.journal.name} call ${this.#fed} ${"x".repeat(this.#fed % 60)}`;
      this.feedLine(Uint8Array.of(...Buffer.from(text), 0x00, 0xff, this.#fed % 10));
    }
  }

  /** Appends one record; `line` must not hold a line's end. */
  feedLine(line: Uint8Array): void {
    const chunk = Uint8Array.of(...line, 0x0d, 0x0a);
    this.journal.append(this.#framer.push(chunk), Date.now());
  }

  /** Every record that is kept, after a sync. */
  async records(): Promise<JournalRecord[]> {
    await this.journal.sync();
    using reader = this.journal.reader();
    const all: JournalRecord[] = [];
    for (let from = this.journal.oldestSequence; from <= this.journal.lastSequence;) {
      const { records, next } = await reader.read(from, { maxRecords: 500, maxBytes: 1 << 20 });
      all.push(...records);
      from = next;
    }
    return all;
  }

  /** The active log, as `cat` shows it. */
  log(): Uint8Array {
    return readFileSync(`${this.#folder}/${this.journal.name}.log`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close();
  }
}
