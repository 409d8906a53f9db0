// Where an append puts lines and index entries together before it writes them. It keeps its size from
// one append to the next, and stays small: what is longer is written in several pieces.

import type { Fragment } from "../framer/framer.ts";
import { indexEntryBytes } from "./segment_index.ts";

/** Most bytes of lines that are put together, unless a single one is longer. */
const mostAtOnce = 1024 * 1024;

/** What fragments take at most, lines and index entries together. */
export function bytesToAppend(fragments: readonly Fragment[], headerBytes: number): number {
  const perFragment = headerBytes + 1 + indexEntryBytes;
  return fragments.reduce((sum, { bytes }) => sum + bytes.length + perFragment, 0);
}

export class AppendBuffer {
  lines = new Uint8Array(16 * 1024);
  entries = new Uint8Array(64 * indexEntryBytes);

  /** Makes room for all fragments, or for as much as is written at once. */
  reserve(fragments: readonly Fragment[], headerBytes: number): void {
    let all = 0;
    let longest = 0;
    for (const { bytes } of fragments) {
      const line = headerBytes + bytes.length + 1;
      all += line;
      if (line > longest) longest = line;
    }
    const lineBytes = Math.max(Math.min(all, mostAtOnce), longest);
    if (lineBytes > this.lines.length) this.lines = new Uint8Array(2 * lineBytes);
    const entryBytes = fragments.length * indexEntryBytes;
    if (entryBytes > this.entries.length) this.entries = new Uint8Array(2 * entryBytes);
  }
}
