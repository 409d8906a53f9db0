import assert from "node:assert/strict";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import {
  bytesOf,
  feed,
  headerText,
  JournalBox,
  journalOf,
  name,
  plain,
  readAll,
  textOf,
  texts,
  timeMs,
} from "../support/journal_box.ts";
import { waitFor } from "../support/wait_for.ts";

const everyByte = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i))
  .filter((byte) => byte !== "\r" && byte !== "\n").join("");

Deno.test("the log is exactly the records, and a reader gives the same lines", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, `one\r\n${everyByte}\n\nthr`);
  const lines = [`${headerText}one\n`, `${headerText}${everyByte}\n`, `${headerText}\n`];
  assert.equal(textOf(box.bytes(`${name}.log`)), `${lines.join("")}${headerText}thr`);
  await journal.sync();
  const { records } = await readAll(journal);
  assert.deepEqual(records.map(({ line }) => textOf(line)), lines);
  assert.deepEqual(records.map(({ end }) => end), ["carriage_return", "line_feed", "line_feed"]);
  assert.deepEqual(records.map((record) => record.timeMs), [timeMs, timeMs, timeMs]);
});

Deno.test("records are read back in order across rotations, whatever the reader's steps", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 200 });
  const expected = Array.from({ length: 30 }, (_, i) => `record ${i + 1}`);
  for (const text of expected) {
    feed(journal, `${text}\n`);
    await journal.sync();
  }
  assert.ok(box.rotated().length > 5);
  for (const maxRecords of [1, 2, 7, 100]) {
    using reader = journal.reader();
    const found: string[] = [];
    for (let next = 1; next <= 30;) {
      const result = await reader.read(next, { maxRecords, maxBytes: 1_000_000 });
      assert.ok(result.records.length >= 1 && result.records.length <= maxRecords);
      found.push(...result.records.map((record) => plain(record).text));
      next = result.next;
    }
    assert.deepEqual(found, expected);
  }
});

Deno.test("a reader stops before maxBytes, but gives a larger record alone", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "a\nb\nc\n");
  await journal.sync();
  using reader = journal.reader();
  const line = headerText.length + 2;
  for (const [maxBytes, count] of [[1, 1], [line, 1], [2 * line - 1, 1], [2 * line, 2]] as const) {
    const { records, next } = await reader.read(1, { maxRecords: 9, maxBytes });
    assert.equal(records.length, count, `${maxBytes} bytes`);
    assert.equal(next, count + 1);
  }
});

Deno.test("a reader goes on in a segment that is rotated away while it reads", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 90 });
  feed(journal, "one\ntwo\n");
  await journal.sync();
  using reader = journal.reader();
  const first = await reader.read(1, { maxRecords: 1, maxBytes: 1000 });
  feed(journal, "three\n");
  feed(journal, "four\nfive\nsix\n");
  await journal.sync();
  const second = await reader.read(first.next, { maxRecords: 9, maxBytes: 1000 });
  const third = await reader.read(second.next, { maxRecords: 9, maxBytes: 1000 });
  assert.deepEqual(
    [first, second, third].map(({ records }) => records.map((record) => plain(record).text)),
    [["one"], ["two"], ["three", "four", "five", "six"]],
  );
});

Deno.test("a reader sees only what has been synced; a number's epoch is known at once", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\n");
  assert.equal(journal.lastSequence, 1);
  assert.equal(journal.syncedSequence, 0);
  assert.deepEqual((await readAll(journal)).records, []);
  assert.equal(journal.epochOf(1), journal.epoch);
  await journal.sync();
  assert.equal(journal.syncedSequence, 1);
  feed(journal, "two\n");
  const { records } = await readAll(journal);
  assert.deepEqual(records.map((record) => plain(record).text), ["one"]);
  assert.equal(journal.epochOf(2), journal.epoch);
  assert.equal(journal.epochOf(3), null);
  assert.deepEqual(await texts(journal), ["one", "two"]);
});

Deno.test("syncedBeyond() waits for the sync, or for the abort", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  const abort = new AbortController();
  const events: string[] = [];
  const synced = journal.syncedBeyond(0, abort.signal).then(() => events.push("synced"));
  const aborted = journal.syncedBeyond(1, abort.signal).then(() => events.push("aborted"));
  feed(journal, "one\n");
  await Promise.resolve();
  assert.deepEqual(events, []);
  await journal.sync();
  await synced;
  assert.deepEqual(events, ["synced"]);
  abort.abort();
  await aborted;
  await journal.syncedBeyond(5, abort.signal);
  await journal.syncedBeyond(0, new AbortController().signal);
});

for (const sync of ["always", 5] as const) {
  Deno.test(`with sync ${sync} records become readable by themselves`, async () => {
    using box = new JournalBox();
    await using journal = await box.open({ sync });
    for (const text of ["one", "two", "three"]) {
      feed(journal, `${text}\n`);
      await journal.syncedBeyond(journal.lastSequence - 1, AbortSignal.timeout(10_000));
      assert.equal(journal.syncedSequence, journal.lastSequence);
    }
  });
}

Deno.test("an open record stands in the log and is taken up by the next owner", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\r\nthe be");
  using left = box.copy();
  assert.equal(textOf(left.bytes(`${name}.log`)), `${headerText}one\n${headerText}the be`);
  await using heir = await left.open();
  assert.equal(heir.position.openBytes, 6);
  assert.equal(heir.position.lastEnd, "carriage_return");
  assert.equal(textOf(heir.position.readOpen()), "the be");
  feed(heir, "ginning\n");
  assert.deepEqual(await texts(heir), ["one", "the beginning"]);
});

Deno.test("an LF after a kill right behind its CR makes no blank record, even behind a rotation", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\r");
  journal.beginEpoch(2, "a test wants it");
  using left = box.copy();
  await using heir = await left.open();
  feed(heir, "\ntwo\n");
  assert.deepEqual(await texts(heir), ["one", "two"]);
});

Deno.test("a record of which any part arrived damaged is marked, also when it moved to another segment", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  const bytes = bytesOf("part");
  journal.append([{ bytes, end: "line_feed" }, { bytes, end: null, damaged: true }], timeMs);
  journal.beginEpoch(2, "a test wants it");
  journal.append([{ bytes, end: "line_feed" }, { bytes, end: "line_feed" }], timeMs);
  journal.append([{ bytes, end: null }], timeMs);
  journal.append([{ bytes: bytesOf(""), end: "idle", damaged: true }], timeMs);
  await journal.sync();
  const { records } = await readAll(journal);
  assert.deepEqual(records.map(({ damaged }) => damaged), [false, true, false, true]);
});

Deno.test("a record longer than a segment rotates once, not at every append", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk, maxSegmentBytes: 60 });
  feed(journal, "one\n");
  feed(journal, "x".repeat(100));
  let renames = 0;
  disk.before = ({ what }) => void (what === "rename" && renames++);
  for (let i = 0; i < 10; i++) feed(journal, "x");
  assert.ok(renames <= 4, `${renames} renames`);
  feed(journal, "\n");
  assert.deepEqual(await texts(journal), ["one", "x".repeat(110)]);
});

Deno.test("close() leaves no file open, and may be called twice", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const journal = await box.open({ disk, maxSegmentBytes: 60 });
  for (const text of ["one\n", "two\n", "three"]) feed(journal, text);
  await texts(journal);
  await journal.close();
  await journal.close();
  assert.equal(disk.openFiles, 0);
});

Deno.test("opening takes back an append that was not finished for certain", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\ntw");
  const place = journal.place;
  const framer = new LineFramer({ position: journal.position });
  const fragments = framer.push(bytesOf("o\nthree\nfo"));
  journal.append(fragments, timeMs);
  using left = box.copy();
  await using heir = await left.open({ cutBackTo: place });
  assert.equal(heir.position.openBytes, 2);
  assert.equal(heir.position.lastEnd, "line_feed");
  heir.append(fragments, timeMs);
  assert.deepEqual(await texts(heir), ["one", "two", "three"]);
  assert.deepEqual(left.complaints(), []);
});

Deno.test("two channels share a folder, though one's name begins with the other's", async () => {
  using box = new JournalBox();
  const channels = ["A1", "A16"].map((side) => ({ fips: "1429010002", side }));
  for (let round = 1; round <= 2; round++) {
    for (const channel of channels) {
      const statePath = `${box.statePath}.${channel.side}`;
      await using journal = await box.open({
        ...journalOf(channel),
        statePath,
        maxSegmentBytes: 1,
      });
      for (let i = 1; i <= 3; i++) feed(journal, `${channel.side}\n`);
      assert.equal(journal.lastSequence, 3 * round);
      await waitFor("the sync", () => journal.sync().then(() => true));
      const { records, unreadable } = await readAll(journal);
      assert.equal(records.length, 3 * round);
      assert.deepEqual(unreadable, []);
      const header = `[1429010002][${channel.side}]`;
      assert.ok(records.every(({ line }) => textOf(line).startsWith(header)));
    }
  }
  assert.deepEqual(box.complaints(), []);
});
