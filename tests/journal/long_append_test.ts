// A record of many megabytes comes as several that are appended together.

import assert from "node:assert/strict";
import type { Fragment } from "../../src/framer/framer.ts";
import { AppendError } from "../../src/journal/append_error.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, headerText, JournalBox, readAll, timeMs } from "../support/journal_box.ts";

const partBytes = 900_000;
const parts: readonly Fragment[] = Array.from({ length: 6 }, (_, i) => ({
  bytes: new Uint8Array(partBytes).fill(0x61 + i),
  end: i < 5 ? "too_long" : "message",
}));

Deno.test("Journal: a long append is written in pieces, so that it needs no memory of its length", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk, maxSegmentBytes: 10_000_000 });
  let pieces = 0;
  disk.before = ({ what, path }) => {
    if (what === "append" && path.endsWith(".log")) pieces += 1;
  };
  journal.append(parts, timeMs);
  assert.ok(pieces >= 3, `${pieces} pieces`);
  await journal.sync();
  const { records, unreadable } = await readAll(journal);
  assert.deepEqual(unreadable, []);
  const line = headerText.length + partBytes + 1;
  assert.deepEqual(records.map(({ line }) => line.length), Array(6).fill(line));
  assert.deepEqual(records.map(({ line }) => line.at(-2)), [0x61, 0x62, 0x63, 0x64, 0x65, 0x66]);
});

Deno.test("Journal: a long append that is refused in the middle leaves nothing, wherever that is", async () => {
  for (let refused = 1;; refused++) {
    using box = new JournalBox();
    const disk = new FailingDisk();
    await using journal = await box.open({ disk, maxSegmentBytes: 10_000_000 });
    feed(journal, "before\n");
    let count = 0;
    disk.before = ({ what, path }) => {
      if (what !== "append") return;
      if (path.startsWith(box.tailFolder) || ++count >= refused) throw new Error("no space");
    };
    try {
      journal.append(parts, timeMs);
      assert.ok(refused > 3);
      return;
    } catch (error) {
      assert.ok(error instanceof AppendError);
    }
    disk.heal();
    assert.equal(box.logText(), `${headerText}before\n`);
    feed(journal, "after\n");
    await journal.sync();
    const { records } = await readAll(journal);
    assert.deepEqual(records.map(({ line }) => line.length - headerText.length - 1), [6, 5]);
  }
});
