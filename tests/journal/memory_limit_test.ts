// The memory for records that the disk does not take: its limit holds at all times, what it costs is
// told exactly, and nothing of it is counted any more once the journal is closed.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import type { Journal } from "../../src/journal/journal.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, JournalBox, readAll, texts } from "../support/journal_box.ts";

const maxBytes = 64 * 1024;
const record = `${"x".repeat(200)}\n`;

/** Numbers that were told to be lost. */
function lost(box: JournalBox): Set<number> {
  const told = box.notices.filter(({ kind }) => kind === "records_lost");
  return new Set(told.flatMap(({ details }) => {
    const [from, to] = [Number(details?.["from"]), Number(details?.["to"])];
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }));
}

async function kept(journal: Journal): Promise<number[]> {
  await journal.sync();
  return (await readAll(journal)).records.map(({ sequence }) => sequence);
}

function refuseIn(folder: string, disk: FailingDisk): void {
  disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(folder)) throw new Error("refused");
  };
}

Deno.test("memory is never used beyond its limit, and exactly what it gave up is told", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const tailBudget = new TailBudget({ maxBytes });
  await using journal = await box.open({ disk, tailBudget });
  refuseIn(box.folder, disk);
  const count = 1000;
  for (let i = 0; i < count; i++) {
    feed(journal, record);
    assert.ok(tailBudget.usedBytes <= maxBytes, `${tailBudget.usedBytes} bytes at record ${i}`);
  }
  disk.heal();
  while (journal.inMemory) await journal.sync();
  const missing = lost(box);
  assert.ok(missing.size > 0);
  const expected = Array.from({ length: count }, (_, i) => i + 1).filter((n) => !missing.has(n));
  assert.deepEqual(await kept(journal), expected);
});

Deno.test("what is being copied home is not given up meanwhile", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const tailBudget = new TailBudget({ maxBytes });
  await using journal = await box.open({ disk, tailBudget });
  refuseIn(box.folder, disk);
  for (let i = 0; i < 200; i++) feed(journal, record);
  assert.ok(lost(box).size === 0 && tailBudget.isNearlyFull);
  let fed = 0;
  disk.before = ({ what, path }) => {
    if (what !== "sync" || !path.endsWith(".log.tmp") || fed > 0) return;
    for (; fed < 60; fed++) feed(journal, record);
  };
  while (journal.inMemory) await journal.sync();
  const missing = lost(box);
  assert.ok(missing.size > 0 && !missing.has(1), "others were given up in its place");
  const expected = Array.from({ length: 260 }, (_, i) => i + 1).filter((n) => !missing.has(n));
  assert.deepEqual(await kept(journal), expected);
});

Deno.test("a journal that is closed takes no room of the others' memory", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const tailBudget = new TailBudget({ maxBytes });
  const journal = await box.open({ disk, tailBudget });
  refuseIn(box.folder, disk);
  feed(journal, record);
  assert.ok(tailBudget.usedBytes > record.length);
  await journal.close();
  assert.equal(tailBudget.usedBytes, 0);
});

Deno.test("closing brings home what is in memory, once the disk takes it", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const journal = await box.open({ disk });
  refuseIn(box.folder, disk);
  for (const text of ["one\n", "two\nthr"]) feed(journal, text);
  disk.heal();
  await journal.close();
  assert.deepEqual(box.tailFiles(), []);
  rmSync(box.tailFolder, { recursive: true });
  await using heir = await box.open();
  feed(heir, "ee\n");
  assert.deepEqual(await texts(heir), ["one", "two", "three"]);
  assert.equal(heir.durableSequence, 3);
});

Deno.test("nothing goes to a disk that has less free space than must be left", async () => {
  using box = new JournalBox();
  const space = { floorBytes: 0, isClosed: false };
  await using journal = await box.open({ space });
  feed(journal, "one\n");
  await journal.sync();
  assert.equal(journal.inMemory, false);
  const files = box.files();
  space.isClosed = true;
  feed(journal, "two\n");
  for (let round = 0; round < 3; round++) await journal.sync();
  assert.equal(journal.durableSequence, 1, "the gate is closed");
  assert.deepEqual(box.files(), files);
  Object.assign(space, { floorBytes: 2 ** 60, isClosed: false });
  for (let round = 0; round < 3; round++) await journal.sync();
  assert.equal(journal.durableSequence, 1, "the floor is higher than what is free");
  space.floorBytes = 0;
  for (let round = 0; round < 3; round++) await journal.sync();
  assert.equal(journal.durableSequence, 2);
  assert.deepEqual(await texts(journal), ["one", "two"]);
});
