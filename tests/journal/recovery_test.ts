import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import type { Journal } from "../../src/journal/journal.ts";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import {
  bytesOf,
  feed,
  headerText,
  JournalBox,
  name,
  plain,
  readAll,
  textOf,
  texts,
} from "../support/journal_box.ts";

const log = `${name}.log`;
const index = `${name}.idx`;

/** A box whose service was killed after it took `text`. */
async function killedBox(text: string, maxSegmentBytes = 1_000_000): Promise<JournalBox> {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes });
  feed(journal, text);
  return box.copy();
}

async function ids(journal: Journal): Promise<string[]> {
  await journal.sync();
  return (await readAll(journal)).records.map((record) => plain(record).id);
}

/** Ids and texts of what the box holds, without changing it. */
async function contents(box: JournalBox): Promise<Map<string, string>> {
  using copy = box.copy();
  await using journal = await copy.open();
  const { records } = await readAll(journal);
  return new Map(records.map((record) => [plain(record).id, plain(record).text]));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, (bytes[at] ?? 0) ^ 0x10);
}

Deno.test("index entries that are lost come back with the same ids", async () => {
  using box = await killedBox("one\r\ntwo\nthree\nfo");
  const before = await contents(box);
  const whole = box.bytes(index);
  for (let left = indexHeaderBytes; left < whole.length; left++) {
    using cut = box.copy();
    cut.write(index, whole.subarray(0, left));
    assert.deepEqual(await contents(cut), before, `${left} bytes of the index left`);
    await using journal = await cut.open();
    assert.equal(journal.position.openBytes, 2);
    assert.deepEqual(cut.complaints(), []);
    assert.deepEqual(cut.notices.map(({ kind }) => kind), ["records_reindexed"]);
  }
});

Deno.test("an index that is lost is made anew with the same ids, and said so", async () => {
  using box = await killedBox("one\ntwo\nthree\nfo");
  const before = await contents(box);
  rmSync(box.path(index));
  assert.deepEqual(await contents(box), before);
  await using journal = await box.open();
  assert.deepEqual(box.complaints(), ["index_lost"]);
  feed(journal, "ur\n");
  assert.deepEqual(await texts(journal), ["one", "two", "three", "four"]);
});

Deno.test("a rotated segment without index gets one, with the same ids", async () => {
  using box = await killedBox("one\ntwo\n", 1);
  {
    await using journal = await box.open({ maxSegmentBytes: 1 });
    feed(journal, "three\n");
    await journal.sync();
    feed(journal, "four\n");
  }
  const before = await contents(box);
  const rotated = box.rotated();
  assert.equal(rotated.length, 2);
  for (const segment of rotated) {
    using lost = box.copy();
    rmSync(lost.path(`${segment}.idx`));
    assert.deepEqual(await contents(lost), before, segment);
  }
});

Deno.test("a rotated segment whose packed log is damaged and whose index is lost is reported, and the rest opens", async () => {
  using box = await killedBox("one\ntwo\n", 1);
  {
    await using journal = await box.open({ maxSegmentBytes: 1 });
    feed(journal, "three\n");
  }
  const [segment] = box.rotated();
  rmSync(box.path(`${segment}.idx`));
  rmSync(box.path(`${segment}.log`));
  box.write(`${segment}.log.gz`, bytesOf("this is no gzip"));
  await using journal = await box.open();
  assert.deepEqual(await texts(journal), ["three"]);
  assert.deepEqual(box.complaints(), ["segment_lost"]);
  const kept = `${segment}.log.gz.quarantine`;
  assert.equal(textOf(box.bytes(kept)), "this is no gzip", "it is left for people to look at");
});

Deno.test("a log torn at any byte opens, and keeps what is whole", async () => {
  using box = await killedBox("one\ntwo\nthree\n");
  const before = [...await contents(box)];
  const whole = box.bytes(log);
  const ends = [0, ...before.map(([, text]) => headerText.length + text.length + 1)]
    .map((_, i, lengths) => lengths.slice(0, i + 1).reduce((sum, length) => sum + length));
  for (let length = 0; length < whole.length; length++) {
    using torn = box.copy();
    torn.write(log, whole.subarray(0, length));
    await using journal = await torn.open();
    const kept = ends.filter((end) => end > 0 && end <= length).length;
    const { records, unreadable } = await readAll(journal);
    assert.deepEqual(
      records.map((record) => [plain(record).id, plain(record).text]),
      before.slice(0, kept),
    );
    assert.deepEqual(unreadable.at(-1), { from: kept + 1, to: 3 }, `${length} bytes left`);
    assert.ok(torn.complaints().length > 0);
    assert.notEqual(journal.epoch, before[0]?.[0].split("/")[0]);
    assert.equal(journal.lastSequence, 3, "numbers are not given twice");
    feed(journal, "new\n");
    assert.deepEqual((await texts(journal)).at(-1), "new");
  }
});

Deno.test("a log torn behind the last index entry keeps whole records and their bytes", async () => {
  using box = await killedBox("one\ntwo\nthree\n");
  const before = [...await contents(box)];
  const whole = box.bytes(log);
  const twoEnds = whole.length - headerText.length - "three\n".length;
  for (let length = twoEnds; length < whole.length; length++) {
    using torn = box.copy();
    torn.write(log, whole.subarray(0, length));
    torn.write(index, box.bytes(index).subarray(0, indexHeaderBytes));
    await using journal = await torn.open();
    feed(journal, "~\n");
    await journal.sync();
    const { records } = await readAll(journal);
    const found = records.map((record) => [plain(record).id, plain(record).text]);
    assert.deepEqual(found.slice(0, 2), before.slice(0, 2), `${length} bytes left`);
    const inBody = length - twoEnds - headerText.length;
    assert.deepEqual(
      found.slice(2).map(([, text]) => text),
      [inBody >= 0 ? `${"three".slice(0, inBody)}~` : "~"],
    );
    const tornHeader = length > twoEnds && inBody < 0;
    assert.deepEqual(torn.complaints(), tornHeader ? ["quarantined_bytes"] : []);
    assert.equal(
      found[2]?.[0] === before[2]?.[0],
      !tornHeader && journal.epoch === before[0]?.[0].split("/")[0],
    );
  }
});

for (
  const [what, tail] of [
    ["NULs", "\0".repeat(5000)],
    ["garbage", "some garbage\nand \xff more\n"],
    ["half a header", headerText.slice(0, 20)],
    ["another channel's record", `${headerText.replace("A1", "A2")}other\n`],
  ] as const
) {
  Deno.test(`${what} behind the last record: it opens, reports them, and numbers anew`, async () => {
    using box = await killedBox("one\ntwo\n");
    const before = await contents(box);
    const whole = box.bytes(log);
    box.write(log, Uint8Array.of(...whole, ...bytesOf(tail)));
    await using journal = await box.open();
    assert.deepEqual(box.complaints(), ["quarantined_bytes"]);
    assert.deepEqual(box.notices[0]?.details, {
      from: whole.length,
      to: whole.length + tail.length - 1,
    });
    feed(journal, "three\n");
    assert.deepEqual(await texts(journal), ["one", "two", "three"]);
    const [first, second, third] = await ids(journal);
    assert.deepEqual([first, second], [...before.keys()]);
    assert.equal(third, `${journal.epoch}/3`);
    assert.ok(!first?.startsWith(journal.epoch));
  });
}

Deno.test("a flipped bit in any byte of log or index loses at most that record, and no id gets another text", async () => {
  using box = await killedBox("one\ntwo\r\nthree\n");
  const before = await contents(box);
  for (const file of [log, index]) {
    const whole = box.bytes(file);
    for (let at = 0; at < whole.length; at++) {
      using damaged = box.copy();
      damaged.write(file, flipped(whole, at));
      await using journal = await damaged.open();
      feed(journal, "new\n");
      await journal.sync();
      const { records, unreadable } = await readAll(journal);
      const found = records.map(plain).filter(({ text }) => text !== "new");
      for (const { id, text } of found) assert.equal(text, before.get(id), `${file} byte ${at}`);
      assert.equal(found.length, file === log ? 2 : 3, `${file} byte ${at}`);
      assert.equal(unreadable.length, file === log ? 1 : 0);
      if (file === log) assert.deepEqual(damaged.complaints(), ["unreadable_records"]);
      const last = records.at(-1);
      assert.equal(last?.sequence, 4);
      assert.ok(last !== undefined && !before.has(plain(last).id));
    }
  }
});

Deno.test("a record damaged in a segment rotated long ago is reported by the reader", async () => {
  using box = new JournalBox();
  {
    await using journal = await box.open({ maxSegmentBytes: 60 });
    for (const text of ["one\n", "two\n", "three\n", "four\n", "five\n", "six\n"]) {
      feed(journal, text);
      await journal.sync();
    }
  }
  assert.equal(box.rotated().length, 2);
  const segment = `${box.rotated()[0]}.log`;
  box.write(segment, flipped(box.bytes(segment), headerText.length + "one\n".length + 44));
  await using journal = await box.open();
  const { records, unreadable } = await readAll(journal);
  assert.deepEqual(records.map((record) => plain(record).text), [
    "one",
    "three",
    "four",
    "five",
    "six",
  ]);
  assert.deepEqual(unreadable, [{ from: 2, to: 2 }]);
});

Deno.test("an index that is ahead of its log keeps its numbers taken", async () => {
  using box = await killedBox("one\ntwo\nthree\n");
  const whole = box.bytes(log);
  box.write(log, whole.subarray(0, headerText.length + 4));
  await using journal = await box.open();
  assert.deepEqual(box.complaints(), ["unreadable_records"]);
  feed(journal, "four\n");
  assert.deepEqual(await texts(journal), ["one", "four"]);
  assert.equal(journal.lastSequence, 4);
});

Deno.test("index entries of zeros, as a power cut leaves them, are no entries", async () => {
  using box = await killedBox("one\ntwo\n");
  const before = await contents(box);
  const zeros = new Uint8Array(3 * indexEntryBytes + 7);
  box.write(index, Uint8Array.of(...box.bytes(index), ...zeros));
  assert.deepEqual(await contents(box), before);
});
