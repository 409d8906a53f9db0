// How far each channel has been delivered to one sink. Kept in one small file a sink; losing it
// costs a search through the stream, never a record.

import * as z from "zod";
import type { Disk } from "../platform/disk.ts";
import { readState, replaceState } from "../platform/state_file.ts";

const cursorShape = z.object({
  next: z.number().int().min(1),
  stream: z.string(),
  created: z.string(),
  searched: z.number(),
  stored: z.object({ sequence: z.number(), messageId: z.string() }).nullable(),
  epoch: z.string().nullable().default(null),
});

/**
 * `next` is the sequence that the sink needs next. Up to stream sequence `searched` of `stream`, the
 * one that was made at `created`, nothing of this channel from `next` on is to be found. `stored`
 * says where in it the newest record before `next` stands; `null` when none was ever stored there.
 * `epoch` is that of the record before `next`; `null` when the journal did not hold it any more.
 */
export type Cursor = Readonly<z.infer<typeof cursorShape>>;

export class CursorFile {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #cursors: Map<string, Cursor>;
  #saved: string;

  /** Reads `path`; what is missing or not understood there counts as never delivered. */
  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
    const parsed = z.record(z.string(), cursorShape).safeParse(readState(disk, path));
    this.#cursors = new Map(parsed.success ? Object.entries(parsed.data) : []);
    this.#saved = this.#text();
  }

  get(channel: string): Cursor | undefined {
    return this.#cursors.get(channel);
  }

  set(channel: string, cursor: Cursor): void {
    this.#cursors.set(channel, cursor);
  }

  /** Writes the file if something has changed. @throws {Error} when the disk refuses; the old file stands */
  async save(): Promise<void> {
    const text = this.#text();
    if (text === this.#saved) return;
    await replaceState(this.#disk, this.#path, Object.fromEntries(this.#cursors));
    this.#saved = text;
  }

  #text(): string {
    return JSON.stringify([...this.#cursors]);
  }
}
