// Whoever is told that records wait for him must get on by reading: else he asks again at once, for
// ever, and nothing else in the process has a turn any more.

import assert from "node:assert/strict";
import type { Journal } from "../../src/journal/journal.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, JournalBox } from "../support/journal_box.ts";
import { waitFor } from "../support/wait_for.ts";

/** Reads as delivery does; resolves to the sequence at which nothing more waits. */
async function readToEnd(journal: Journal, from: number): Promise<number> {
  using reader = journal.reader();
  for (let next = from;;) {
    const noMore = new AbortController();
    let waits = false;
    const more = journal.syncedBeyond(next - 1, noMore.signal).then(() => waits = true);
    await Promise.resolve();
    await Promise.resolve();
    const told = waits;
    noMore.abort();
    await more;
    if (!told) return next;
    const before = next;
    next = (await reader.read(next, { maxRecords: 10, maxBytes: 1000 })).next;
    assert.ok(next > before, `told that ${before} waits, reading gets on`);
  }
}

Deno.test("reading gets on when all rotated segments were given up and the active one is empty", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1 });
  for (const text of ["one", "two", "three"]) feed(journal, `${text}\n`);
  journal.beginEpoch(4, "a test wants it");
  await journal.sync();
  for (const segment of journal.shelf.segments) journal.shelf.giveUp(segment, "the ceiling");
  await waitFor("nothing to be left", () => journal.shelf.segments.length === 0);
  assert.equal(await readToEnd(journal, 1), 4);
});

Deno.test("reading gets on when memory has given up all that it held", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const tailBudget = new TailBudget({ maxBytes: 20 * 1024 });
  await using journal = await box.open({ disk, tailBudget });
  const { folder } = box;
  disk.before = ({ what, path }) => {
    if (what !== "read" && path.startsWith(folder)) throw new Error("refused");
  };
  for (let i = 0; i < 30; i++) feed(journal, `${i}\n`);
  feed(journal, "x".repeat(19 * 1024));
  assert.equal(await readToEnd(journal, 1), journal.lastSequence + 1);
  disk.heal();
});

Deno.test("nobody is told of records before the disk has told their numbers", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const { folder } = box;
  disk.before = ({ path }) => {
    if (path.startsWith(folder)) throw new Error("refused");
  };
  await using journal = await box.open({ disk });
  for (let i = 1; i <= 5; i++) feed(journal, `${i}\n`);
  await journal.sync();
  assert.equal(journal.isOpen, false);
  assert.equal(await readToEnd(journal, 1), 1);
  disk.heal();
  await journal.sync();
  assert.equal(journal.isOpen, true);
  assert.equal(await readToEnd(journal, 1), 6);
});
