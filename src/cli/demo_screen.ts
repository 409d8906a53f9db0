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
  readonly #width: number;
  readonly #captions: readonly string[];
  /** What stands below the records. */
  #status: readonly string[] = [];
  #lastPlainMs = performance.now();

  constructor(options: {
    readonly terminal: Terminal;
    /** Whether lines can be written anew. */
    readonly live: boolean;
    /** Of a line, in characters. */
    readonly width: number;
    /** What is at the other end of each channel. */
    readonly captions: readonly string[];
  }) {
    this.#terminal = options.terminal;
    this.#live = options.live;
    this.#width = options.width;
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
      for (const { line } of read.records) this.note(printable(line));
    }
  }

  /** Prints a line above the status. */
  note(line: string): void {
    this.#replaceStatus(this.#status, () => this.#terminal.out(line));
  }

  draw(status: CollectorStatus): void {
    const lines = this.#lines(status);
    if (this.#live) {
      this.#replaceStatus(lines);
    } else if (performance.now() - this.#lastPlainMs >= plainMs) {
      this.#lastPlainMs = performance.now();
      for (const line of lines) this.#terminal.out(line);
    }
  }

  /** Leaves the last status where it stands. */
  close(): void {
    this.#status = [];
  }

  #replaceStatus(lines: readonly string[], between: () => void = () => {}): void {
    const height = this.#status.length;
    if (height > 0) this.#terminal.out(`\x1b[${height}A\x1b[J\x1b[1A`);
    between();
    for (const line of lines) {
      const fitted = line.slice(0, this.#width).padEnd(this.#width);
      this.#terminal.out(`\x1b[7m${fitted}\x1b[27m`);
    }
    this.#status = lines;
  }

  #lines({ channels, sinks }: CollectorStatus): string[] {
    return [
      ...channels.map(({ name, state, detail, lastSequence }, i) =>
        `${name}  ${(this.#captions[i] ?? "").padEnd(12)}  ${state} ${detail}  ` +
        `${lastSequence} records`
      ),
      ...sinks.map(({ name, state, detail, delivered }) =>
        `${name.padEnd(27)}  ${state} ${detail}  ${delivered} records`
      ),
    ];
  }
}

/** A record as a terminal may show it: control characters could do anything there. */
function printable(line: Uint8Array): string {
  return new TextDecoder().decode(line.subarray(0, -1)).replace(/\p{Cc}/gu, "·");
}
