import assert from "node:assert/strict";
import { feed, JournalBox, texts } from "../support/journal_box.ts";

Deno.test("Journal: from freeze() on readers see nothing behind the place", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\ntwo\n");
  await journal.sync();
  const { place } = journal;
  feed(journal, "three\nfour\n");
  journal.freeze(place);
  assert.deepEqual(await texts(journal), ["one", "two"]);
  assert.equal(journal.syncedSequence, 2);
});

Deno.test("Journal: freeze() takes back what readers of memory were told in the same turn", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ space: { floorBytes: 0, isClosed: true } });
  feed(journal, "one\n");
  await journal.sync();
  const { place } = journal;
  assert.equal(journal.inMemory, true);
  const told = journal.syncedBeyond(1, new AbortController().signal);
  feed(journal, "two\n");
  journal.freeze(place);
  await told;
  assert.equal(journal.syncedSequence, 1);
  assert.deepEqual(await texts(journal), ["one"]);
});

for (const inMemory of [false, true]) {
  const where = inMemory ? "in memory" : "on the disk";
  Deno.test(`Journal: abandoned ${where} and opened again it goes on at the place, in its epoch`, async () => {
    using box = new JournalBox();
    const space = { floorBytes: 0, isClosed: inMemory };
    const journal = await box.open({ space });
    feed(journal, "one\ntwo\nbeg");
    await journal.sync();
    const { place } = journal;
    feed(journal, "un\nthree\nfo");
    journal.freeze(place);
    await journal.abandon();
    await using again = await box.open({ space, cutBackTo: place });
    assert.deepEqual(again.place, place);
    feed(again, "un\nthree\nfour\n");
    assert.deepEqual(await texts(again), ["one", "two", "begun", "three", "four"]);
    assert.equal(again.epoch, place.epoch);
    assert.deepEqual(box.complaints(), inMemory ? ["disk_refuses"] : []);
  });
}

Deno.test("Journal: abandoned after a rotation behind the place it goes on at the place all the same", async () => {
  using box = new JournalBox();
  const journal = await box.open({ maxSegmentBytes: 100 });
  feed(journal, "one\n");
  await journal.sync();
  const { place } = journal;
  for (let i = 0; i < 5; i++) feed(journal, `${"x".repeat(60)} ${i}\n`);
  journal.freeze(place);
  await journal.abandon();
  await using again = await box.open({ maxSegmentBytes: 100, cutBackTo: place });
  feed(again, "two\n");
  assert.deepEqual(await texts(again), ["one", "two"]);
});
