// What happened on a port, one line each: time in UTC, the receiver's settings, and in quotation
// marks what was read, else what was done. Pure.
//
//   2025-12-03 15:04:01.008Z 9600 8N1 opened /dev/ttyS0
//   2025-12-03 15:04:05.123Z 9600 8N1 "N 044 01     DN4521\r\n"
//   2025-12-03 15:06:10.442Z 1200 7E1 set
//   2025-12-03 15:06:10.950Z 1200 7E1 missing 120 bytes of 9 reads, until …: No space left on device

import type { RawEntry, RawGap } from "./raw_buffer.ts";
import { RawText } from "./raw_text.ts";

export class RawLines {
  readonly #text = new RawText();
  readonly #encoder = new TextEncoder();

  /** The lines for these, in order, each with its line feed. `why` something is missing, if it is. */
  of(
    { entries, gap }: { readonly entries: readonly RawEntry[]; readonly gap: RawGap | null },
    why: string,
  ): string[] {
    const lines = entries.map((entry) => line(entry, this.#content(entry)));
    if (gap !== null) lines.push(line(gap, this.#missing(gap, why)));
    return lines;
  }

  #content(entry: RawEntry): string {
    if ("bytes" in entry) return `"${this.#text.of(entry.bytes)}"`;
    // A mark does not go on in another opening.
    this.#text.restart();
    return this.#plain(entry.note);
  }

  #missing({ bytes, reads, untilMs }: RawGap, why: string): string {
    this.#text.restart();
    return `missing ${bytes} bytes of ${reads} reads, until ${utc(untilMs)}: ${this.#plain(why)}`;
  }

  /** Whatever a name or a message holds, it stays on its line. */
  #plain(text: string): string {
    return new RawText().of(this.#encoder.encode(text));
  }
}

function line(at: Pick<RawEntry, "timeMs" | "settings">, content: string): string {
  return `${utc(at.timeMs)} ${at.settings} ${content}\n`;
}

/** As in the header of a record, and says that it is UTC. */
function utc(timeMs: number): string {
  return new Date(timeMs).toISOString().replace("T", " ");
}
