// What the demo shows: records as they are captured, scrolling, and below them a line per channel
// that is written anew. Without a terminal the lines come every few seconds instead.

import type { CollectorStatus } from "../collector.ts";
import type { Journal } from "../journal/journal.ts";
import type { Terminal } from "./terminal.ts";

/** Between two status lines where nothing can be written anew. */
const plainMs = 5000;

export class DemoScreen {
  readonly #terminal: Terminal;
  readonly #live: boolean;
  #statusLines = 0;
  #lastPlainMs = performance.now();

  constructor(options: {
    readonly terminal: Terminal;
    /** Whether lines can be written anew. */
    readonly live: boolean;
  }) {
    this.#terminal = options.terminal;
    this.#live = options.live;
  }

  /** Prints a channel's records as they are synced, until `signal` aborts. */
  async follow(journal: Journal, signal: AbortSignal): Promise<void> {
    using reader = journal.reader();
    let next = journal.oldestSequence;
    while (!signal.aborted) {
      await journal.syncedBeyond(next - 1, signal);
      const read = await reader.read(next, { maxRecords: 64, maxBytes: 64 * 1024 });
      next = read.next;
      for (const { line } of read.records) this.note(printable(line));
    }
  }

  /** Prints a line above the status. */
  note(line: string): void {
    this.#eraseStatus();
    this.#terminal.out(line);
  }

  draw(status: CollectorStatus): void {
    const lines = statusLines(status);
    if (this.#live) {
      this.#eraseStatus();
      for (const line of lines) this.#terminal.out(`\x1b[7m${line.padEnd(78)}\x1b[27m`);
      this.#statusLines = lines.length;
    } else if (performance.now() - this.#lastPlainMs >= plainMs) {
      this.#lastPlainMs = performance.now();
      for (const line of lines) this.#terminal.out(line);
    }
  }

  /** Leaves the last status where it stands. */
  close(): void {
    this.#statusLines = 0;
  }

  #eraseStatus(): void {
    if (this.#statusLines > 0) this.#terminal.out(`\x1b[${this.#statusLines}A\x1b[J\x1b[1A`);
    this.#statusLines = 0;
  }
}

function statusLines({ channels, sinks }: CollectorStatus): string[] {
  return [
    ...channels.map(({ name, state, detail, lastSequence, bytes }) =>
      `${name}  ${state}  ${detail}  ${lastSequence} records  ${bytes} bytes`
    ),
    ...sinks.map(({ name, state, detail, delivered }) =>
      `${name}  ${state}  ${detail}  ${delivered} delivered`
    ),
  ];
}

/** A record as a terminal may show it: control characters could do anything there. */
function printable(line: Uint8Array): string {
  return new TextDecoder().decode(line.subarray(0, -1)).replace(/\p{Cc}/gu, "·");
}
