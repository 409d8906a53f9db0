// What the demo shows: records as they are captured, and below them a line per channel and sink.

import type { CollectorStatus } from "../collector.ts";
import type { Journal } from "../journal/journal.ts";
import type { LiveLines } from "./live_lines.ts";
import { printable } from "./printable.ts";

export class DemoScreen {
  readonly #lines: LiveLines;
  readonly #captions: readonly string[];

  constructor(options: {
    readonly lines: LiveLines;
    /** What is at the other end of each channel. */
    readonly captions: readonly string[];
  }) {
    this.#lines = options.lines;
    this.#captions = options.captions;
  }

  /** Prints a channel's records as they are synced, until `signal` aborts. */
  async follow(journal: Journal, signal: AbortSignal): Promise<void> {
    using reader = journal.reader();
    let next = journal.oldestSequence;
    while (!signal.aborted) {
      await journal.syncedBeyond(next - 1, signal);
      const read = await reader.read(next, { maxRecords: 64, maxBytes: 64 * 1024 });
      next = read.next;
      for (const { line } of read.records) this.note(printable(line.subarray(0, -1)));
    }
  }

  /** Prints a line above the status. */
  note(line: string): void {
    this.#lines.note(line);
  }

  draw({ channels, sinks }: CollectorStatus): void {
    this.#lines.show([
      ...channels.map(({ name, state, detail, lastSequence }, i) =>
        `${name}  ${(this.#captions[i] ?? "").padEnd(12)}  ${state} ${detail}  ` +
        `${lastSequence} records`
      ),
      ...sinks.map(({ name, state, detail, delivered }) =>
        `${name.padEnd(27)}  ${state} ${detail}  ${delivered} records`
      ),
    ]);
  }

  /** Leaves the last status where it stands. */
  close(): void {
    this.#lines.close();
  }
}
