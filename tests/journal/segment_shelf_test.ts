import assert from "node:assert/strict";
import type { Journal } from "../../src/journal/journal.ts";
import { SegmentShelf } from "../../src/journal/segment_shelf.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, JournalBox } from "../support/journal_box.ts";
import { makeDisk } from "../support/simulated_contents.ts";

/** A journal with a segment for each of these records, the last one active. */
async function segmented(box: JournalBox, disk: FailingDisk, compress = false): Promise<Journal> {
  const journal = await box.open({ disk, compress, maxSegmentBytes: 1 });
  for (const text of ["one\n", "two\n", "three\n"]) {
    feed(journal, text);
    await journal.sync();
  }
  return journal;
}

Deno.test("no segment without records is found, for nothing can be read there", () => {
  const disk = makeDisk();
  const report = (): void => {};
  const options = { channel: "a", maxBackups: 9, compress: false, holders: ["sink"], report };
  const shelf = new SegmentShelf({ ...options, disk });
  const common = { epoch: "1".repeat(32), compressed: false, bytes: 64, place: "disk" } as const;
  const empty = { ...common, firstSequence: 9, lastSequence: 8, count: 0, base: "/logs/empty" };
  const full = { ...common, firstSequence: 9, lastSequence: 9, count: 1, base: "/logs/full" };
  shelf.exchange([empty, full]);
  for (const sequence of [5, 8, 9]) assert.equal(shelf.find(sequence)?.base, full.base);
  assert.equal(shelf.find(10), undefined);
});

Deno.test("a segment that is given up is not left open", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const journal = await segmented(box, disk);
  const [segment] = journal.shelf.segments;
  assert.ok(segment?.files !== undefined);
  journal.shelf.giveUp(segment, "a test wants it");
  await journal.close();
  assert.equal(disk.openFiles, 0);
  assert.equal(box.rotated().length, 1);
});

/** Calls `act` while a segment is being packed, and waits until that was begun. */
async function whilePacking(disk: FailingDisk, journal: Journal, act: () => void): Promise<void> {
  const begun = Promise.withResolvers<void>();
  disk.before = ({ what, path }) => {
    if (what !== "append" || !path.includes(".log.gz")) return;
    disk.heal();
    begun.resolve();
    act();
  };
  journal.shelf.release("sink", 3);
  await begun.promise;
}

Deno.test("stopping waits for what is being packed", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await segmented(box, disk, true);
  let stopped: Promise<void> = Promise.resolve();
  await whilePacking(disk, journal, () => stopped = journal.shelf.stop());
  await stopped;
  assert.deepEqual(box.files().filter((file) => file.endsWith(".tmp")), []);
  assert.equal(box.files().filter((file) => file.endsWith(".gz")).length, 1);
});

Deno.test("a segment that is given up while it is being packed is gone behind that", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await segmented(box, disk, true);
  const [segment, other] = journal.shelf.segments;
  assert.ok(segment !== undefined && other !== undefined);
  await whilePacking(disk, journal, () => {
    for (const each of [segment, other]) journal.shelf.giveUp(each, "a test wants it");
  });
  await journal.shelf.stop();
  assert.deepEqual(box.rotated(), []);
  assert.ok(!box.notices.some(({ kind }) => kind === "retention_failed"));
});
