import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Journal } from "../../src/journal/journal.ts";
import { planRetention } from "../../src/journal/retention.ts";
import { Restraint } from "../../src/platform/restraint.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, JournalBox, textOf, texts } from "../support/journal_box.ts";
import { waitFor } from "../support/wait_for.ts";

const names = ["one", "two", "three", "four", "five", "six"];

/** Appends each name, so that with segments of one byte the last is active and each other rotated. */
async function fill(journal: Journal): Promise<void> {
  for (const text of names) {
    feed(journal, `${text}\n`);
    await journal.sync();
  }
}

/** The rotated logs' endings, oldest first. */
function endings(box: JournalBox): string[] {
  return box.files().filter((file) => /Z\.log/.test(file)).map((file) =>
    file.endsWith(".gz") ? "gz" : "log"
  );
}

Deno.test("what may go is the oldest, released, and more than is to be kept", () => {
  const arbitrary = fc.record({
    counts: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }),
    maxBackups: fc.nat(12),
    releasedSequence: fc.nat(60),
    compress: fc.boolean(),
    compressed: fc.nat(12),
  });
  fc.assert(fc.property(arbitrary, ({ counts, compressed, ...limits }) => {
    let lastSequence = 0;
    const segments = counts.map((count, i) => {
      lastSequence += count;
      return { lastSequence, compressed: i < compressed };
    });
    const plan = planRetention(segments, limits);
    const kept = segments.slice(plan.remove.length);
    assert.deepEqual(plan.remove, segments.slice(0, plan.remove.length), "oldest first");
    assert.ok(plan.remove.every((each) => each.lastSequence <= limits.releasedSequence));
    if (plan.remove.length > 0) assert.ok(kept.length >= limits.maxBackups);
    const oldest = kept[0];
    if (oldest !== undefined && kept.length > limits.maxBackups) {
      assert.ok(oldest.lastSequence > limits.releasedSequence, "only need keeps more");
    }
    const packed = limits.compress
      ? kept.filter((each) => !each.compressed && each.lastSequence <= limits.releasedSequence)
      : [];
    assert.deepEqual(plan.compress, packed);
  }));
});

Deno.test("with nobody to release records, maxBackups rotated segments stay", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1, maxBackups: 2, holders: [] });
  await fill(journal);
  await waitFor("the deletion", () => box.rotated().length === 2);
  assert.equal(journal.oldestSequence, 4);
  assert.deepEqual(await texts(journal), ["four", "five", "six"]);
  assert.equal(box.files().filter((file) => /Z\.idx$/.test(file)).length, 2);
});

Deno.test("nothing goes before every holder has released it", async () => {
  using box = new JournalBox();
  const holders = ["here", "there"];
  await using journal = await box.open({ maxSegmentBytes: 1, maxBackups: 0, holders });
  await fill(journal);
  journal.shelf.release("here", 6);
  assert.deepEqual(await texts(journal), names);
  journal.shelf.release("there", 2);
  await waitFor("two to go", () => box.rotated().length === 3);
  assert.deepEqual(await texts(journal), names.slice(2));
  journal.shelf.release("there", 6);
  await waitFor("all that is rotated to go", () => box.rotated().length === 0);
  assert.deepEqual(await texts(journal), ["six"], "the active segment is never deleted");
});

Deno.test("a reader of records that were deleted goes on behind them and says so", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1, maxBackups: 0 });
  await fill(journal);
  await journal.sync();
  journal.shelf.release("sink", 3);
  await waitFor("the deletion", () => box.rotated().length === 2);
  using reader = journal.reader();
  const { records, unreadable, next } = await reader.read(2, { maxRecords: 9, maxBytes: 1000 });
  assert.deepEqual(unreadable, [{ from: 2, to: 3 }]);
  assert.deepEqual(records.map(({ sequence }) => sequence), [4]);
  assert.equal(next, 5);
});

Deno.test("released segments are packed, and unpacked for a reader that goes back", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1, compress: true });
  await fill(journal);
  await journal.sync();
  const logs = box.rotated().map((base) => textOf(box.bytes(`${base}.log`)));
  journal.shelf.release("sink", 4);
  await waitFor("packing", () => endings(box).join() === "gz,gz,gz,gz,log");
  const packed = box.rotated().slice(0, 4).map((base) =>
    textOf(gunzipSync(box.bytes(`${base}.log.gz`)))
  );
  assert.deepEqual(packed, logs.slice(0, 4));
  assert.deepEqual(await texts(journal), names);
});

Deno.test("while memory is short nothing is packed, and afterwards what waited is", async () => {
  using box = new JournalBox();
  const restraint = new Restraint();
  restraint.level = "queues";
  await using journal = await box.open({ maxSegmentBytes: 1, compress: true, restraint });
  await fill(journal);
  await journal.sync();
  journal.shelf.release("sink", 3);
  await journal.sync();
  // Comes after what the shelf had to do before.
  await journal.shelf.unpack(1);
  assert.equal(endings(box).join(), "log,log,log,log,log");
  restraint.level = "none";
  journal.shelf.release("sink", 4);
  await waitFor("packing", () => endings(box).join() === "gz,gz,gz,gz,log");
});

Deno.test("packed segments are found, read and deleted after a restart", async () => {
  using box = new JournalBox();
  {
    await using journal = await box.open({ maxSegmentBytes: 1, compress: true });
    await fill(journal);
    journal.shelf.release("sink", 5);
    await waitFor("packing", () => endings(box).join() === "gz,gz,gz,gz,gz");
  }
  {
    await using journal = await box.open();
    assert.deepEqual(await texts(journal), names);
  }
  await using journal = await box.open({ maxBackups: 1 });
  journal.shelf.release("sink", 6);
  await waitFor("deletion", () => box.rotated().length === 1);
  assert.deepEqual(await texts(journal), ["five", "six"]);
});

Deno.test("packing that was killed at any step leaves every record readable", async () => {
  using box = new JournalBox();
  {
    await using journal = await box.open({ maxSegmentBytes: 1 });
    await fill(journal);
  }
  const base = box.rotated()[1];
  const packed = gzipSync(box.bytes(`${base}.log`));
  box.write(`${base}.log.gz.tmp`, packed.subarray(0, 10));
  box.write(`${base}.log.gz`, packed.subarray(0, 20));
  await using journal = await box.open();
  assert.deepEqual(await texts(journal), names);
  assert.deepEqual(box.files().filter((file) => file.includes(".gz")), []);
});

Deno.test("packing that the disk refuses is said, and made up for", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ maxSegmentBytes: 1, compress: true, disk });
  await fill(journal);
  await journal.sync();
  disk.before = ({ what, path }) => {
    if (what === "append" && path.includes(".gz")) throw new Error("no room");
  };
  journal.shelf.release("sink", 2);
  await waitFor("the notice", () => box.notices.some(({ kind }) => kind === "retention_failed"));
  assert.deepEqual(await texts(journal), names);
  assert.deepEqual(box.files().filter((file) => file.endsWith(".tmp")), [], "it takes no room");
  disk.heal();
  journal.shelf.release("sink", 3);
  await waitFor("packing", () => endings(box).join() === "gz,gz,gz,log,log");
  assert.deepEqual(await texts(journal), names);
});

Deno.test("a gzip of several members is read whole", async () => {
  using box = new JournalBox();
  {
    await using journal = await box.open({ maxSegmentBytes: 1, compress: true });
    await fill(journal);
    journal.shelf.release("sink", 1);
    await waitFor("packing", () => endings(box)[0] === "gz");
  }
  const file = `${box.rotated()[0]}.log.gz`;
  const log = gunzipSync(box.bytes(file));
  const members = [gzipSync(log.subarray(0, 9)), gzipSync(log.subarray(9))];
  box.write(file, Uint8Array.from(members.flatMap((member) => [...member])));
  await using journal = await box.open();
  assert.deepEqual(await texts(journal), names);
});

Deno.test("what the disk does not let go is not read any more, and goes later", async () => {
  for (const ending of [".log", ".idx.tmp"]) {
    using box = new JournalBox();
    const disk = new FailingDisk();
    await using journal = await box.open({ maxSegmentBytes: 1, maxBackups: 0, disk });
    await fill(journal);
    const before = box.files().length;
    disk.before = ({ what, path }) => {
      if (what === "remove" && path.endsWith(ending)) throw new Error("refused");
    };
    journal.shelf.release("sink", 2);
    await waitFor("the notice", () => box.notices.some(({ kind }) => kind === "retention_failed"));
    assert.deepEqual(await texts(journal), names.slice(2));
    assert.ok(box.files().length >= before - 1, "nothing much is gone");
    disk.heal();
    journal.shelf.release("sink", 3);
    await waitFor(
      "all three to go",
      () => box.rotated().length === 2 && box.files().every((file) => !file.endsWith(".tmp")),
    );
  }
});

Deno.test("what is given up and the disk does not let go can still be read", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ maxSegmentBytes: 1, disk });
  await fill(journal);
  disk.before = ({ what, path }) => {
    if (what === "remove" && path.endsWith(".log")) throw new Error("refused");
  };
  // The oldest is not held open: it is read by its names.
  const [oldest] = journal.shelf.segments;
  assert.ok(oldest !== undefined && oldest.files === undefined);
  journal.shelf.giveUp(oldest, "a test wants it");
  await waitFor("the notice", () => box.notices.some(({ kind }) => kind === "retention_failed"));
  assert.deepEqual(await texts(journal), names);
  disk.heal();
  journal.shelf.giveUp(oldest, "a test wants it");
  await waitFor("it to go", () => box.rotated().length === 4);
  assert.deepEqual(await texts(journal), names.slice(1));
});

Deno.test("of a segment that is given up, what the sinks have is no loss", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1 });
  feed(journal, "one\ntwo\nthree\n");
  feed(journal, "four\n");
  await journal.sync();
  journal.shelf.release("sink", 2);
  for (const segment of journal.shelf.segments) journal.shelf.giveUp(segment, "a test wants it");
  await waitFor("it to go", () => box.rotated().length === 0);
  const told = box.notices.filter(({ kind }) => kind === "records_lost");
  assert.deepEqual(told.map(({ details }) => details), [{ from: 3, to: 3, records: 1 }]);
});
