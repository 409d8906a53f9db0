// The journal against a plain array, through the real framer, with kills, reboots and lost index
// entries at random moments.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fragment } from "../../src/framer/framer.ts";
import { LineFramer } from "../../src/framer/line_framer.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import {
  JournalBox,
  name,
  plain,
  type PlainRecord,
  readAll,
  textOf,
  timeMs,
} from "../support/journal_box.ts";

type Command =
  | { readonly do: "read"; readonly chunk: Uint8Array }
  | { readonly do: "flush" | "sync" | "stop and start" | "kill" | "reboot" }
  | { readonly do: "kill and lose index entries"; readonly entries: number };

/**
 * Bytes in which terminators are frequent. No NULs: those that a file ends in when the machine went
 * down cannot be told from what a power cut leaves, and are set aside (damage_test.ts).
 */
const chunk = fc.uint8Array({ maxLength: 70 }).map((bytes) =>
  bytes.map((byte) => byte < 20 ? 0x0a : byte < 30 ? 0x0d : byte - 29)
);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("read" as const), chunk }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("flush", "sync", "stop and start", "kill", "reboot" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("kill and lose index entries" as const),
      entries: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

/** What the journal must hold. */
class Model {
  records: PlainRecord[] = [];
  open: string | null = null;

  take(fragments: readonly Fragment[], epoch: string): void {
    for (const { bytes, end } of fragments) {
      const text = (this.open ?? "") + textOf(bytes);
      this.open = end === null ? text : null;
      if (end === null) continue;
      this.records.push({ id: `${epoch}/${this.records.length + 1}`, text, end });
    }
  }

  forgetEnds(count: number): void {
    const kept = this.records.length - count;
    this.records = this.records.map((record, i) =>
      i < kept ? record : { ...record, end: "recovered" }
    );
  }
}

class Run implements AsyncDisposable {
  readonly #model = new Model();
  #box = new JournalBox();
  #boot = 0;
  #journal!: Journal;
  #framer!: LineFramer;

  static async start(): Promise<Run> {
    const run = new Run();
    await run.#open();
    return run;
  }

  async #open(): Promise<void> {
    this.#journal = await this.#box.open({ boot: `boot ${this.#boot}`, maxSegmentBytes: 300 });
    this.#framer = new LineFramer({ position: this.#journal.position, maxBytes: 40 });
  }

  async execute(command: Command): Promise<void> {
    switch (command.do) {
      case "read":
        return this.#append(this.#framer.push(command.chunk));
      case "flush":
        return this.#append(this.#framer.flush("idle"));
      case "sync":
        await this.#journal.sync();
        return await this.#compare();
      case "stop and start":
        await this.#journal.close();
        await this.#open();
        return await this.#compare();
      case "reboot":
        this.#boot += 1;
        return await this.#goOnWithCopy(() => {}, true);
      case "kill":
        return await this.#goOnWithCopy(() => {});
      case "kill and lose index entries":
        return await this.#goOnWithCopy((left) => {
          const coming = `${name}.next.idx`;
          const newest = left.files().includes(coming) ? coming : `${name}.idx`;
          const index = left.bytes(newest);
          const count = (index.length - indexHeaderBytes) / indexEntryBytes;
          const lost = Math.min(count, command.entries);
          left.write(newest, index.subarray(0, index.length - lost * indexEntryBytes));
          this.#model.forgetEnds(lost);
        });
    }
  }

  #append(fragments: readonly Fragment[]): void {
    this.#journal.append(fragments, timeMs);
    this.#model.take(fragments, this.#journal.epoch);
  }

  async #goOnWithCopy(change: (left: JournalBox) => void, rebooted = false): Promise<void> {
    const left = this.#box.copy();
    change(left);
    await this[Symbol.asyncDispose]();
    this.#box = left;
    await this.#open();
    if (rebooted && this.#model.open !== null) {
      const end = { bytes: new Uint8Array(0), end: "reboot" } as const;
      this.#model.take([end], this.#journal.epoch);
      await this.#journal.sync();
    }
    await this.#compare();
  }

  async #compare(): Promise<void> {
    const { records, unreadable } = await readAll(this.#journal);
    assert.deepEqual(unreadable, []);
    assert.deepEqual(records.map(plain), this.#model.records);
    assert.deepEqual(records.map(({ sequence }) => sequence), records.map((_, i) => i + 1));
    assert.equal(this.#journal.position.openBytes, this.#model.open?.length ?? null);
    assert.deepEqual(this.#box.complaints(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal.close();
    this.#box[Symbol.dispose]();
  }
}

Deno.test("a journal holds what a plain array holds, whatever happens to the process", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
      await using run = await Run.start();
      for (const each of commands) await run.execute(each);
      await run.execute({ do: "kill" });
    }),
    { numRuns: 60 },
  );
});
