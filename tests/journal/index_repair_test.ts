// Damaged entries of an index, and indexes of other logs.

import assert from "node:assert/strict";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import { type MendedGap, mendGap } from "../../src/journal/gap_repair.ts";
import { type JournalRecord, RecordHeader } from "../../src/record.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import {
  bytesOf,
  channel,
  feed,
  headerText,
  JournalBox,
  name,
  plain,
  type PlainRecord,
  readAll,
  timeMs,
} from "../support/journal_box.ts";
import { MemoryDisk } from "../support/memory_disk.ts";

const log = `${name}.log`;
const index = `${name}.idx`;
const header = new RecordHeader(channel);

/** Records whose bytes look like the start of others. */
const texts = ["one", "two", `three\n${headerText}and more`, "four\n\nfive", "six"];
const ends = ["line_feed", "idle", "carriage_return", "hang_up", "too_long"] as const;

/** A box whose service was killed after it took these records. */
async function killedBox(): Promise<JournalBox> {
  using box = new JournalBox();
  await using journal = await box.open();
  for (const [i, text] of texts.entries()) {
    const end = ends[i] ?? "line_feed";
    journal.append([{ bytes: bytesOf(text), end, damaged: i % 2 === 1 }], timeMs + i);
  }
  return box.copy();
}

type Seen = PlainRecord & Pick<JournalRecord, "damaged">;

function seen(record: JournalRecord): Seen {
  return { ...plain(record), damaged: record.damaged };
}

/** Opens a copy, and says what it holds and tells. */
async function look(box: JournalBox): Promise<{
  readonly records: Seen[];
  readonly unreadable: (readonly [number, number])[];
  readonly told: string[];
}> {
  using copy = box.copy();
  await using journal = await copy.open();
  const { records, unreadable } = await readAll(journal);
  return {
    records: records.map(seen),
    unreadable: unreadable.map(({ from, to }) => [from, to] as const),
    told: copy.notices.map(({ kind, details }) =>
      kind === "unreadable_records" ? `${details?.["from"]}–${details?.["to"]}` : kind
    ).filter((kind) => kind !== "epoch_started"),
  };
}

/** Replaces the entries of `numbers`, from 0. */
function changeEntries(box: JournalBox, numbers: number[], change: (entry: Uint8Array) => void) {
  const bytes = box.bytes(index);
  for (const number of numbers) {
    const from = indexHeaderBytes + number * indexEntryBytes;
    change(bytes.subarray(from, from + indexEntryBytes));
  }
  box.write(index, bytes);
}

function flipLog(box: JournalBox, at: number, bits = 0x40): void {
  const bytes = box.bytes(log);
  bytes[at] = (bytes[at] ?? 0) ^ bits;
  box.write(log, bytes);
}

const threeBegins = 2 * (headerText.length + 4);
const sixBegins = threeBegins + 3 * headerText.length + "three\nand more\nfour\n\nfive\n".length;

Deno.test("an entry of which one byte is wrong comes back as it was, whatever its line looks like", async () => {
  using box = await killedBox();
  const before = await look(box);
  assert.equal(before.records.length, texts.length);
  // The last entry's neighbour is the log's end: there a line that looks like a record is one.
  for (let number = 0; number < texts.length; number++) {
    for (let at = 0; at < indexEntryBytes; at++) {
      using damaged = box.copy();
      changeEntries(damaged, [number], (entry) => entry[at] = (entry[at] ?? 0) ^ 0x81);
      const found = await look(damaged);
      assert.deepEqual(found.records, before.records, `entry ${number} byte ${at}`);
      assert.deepEqual(found.unreadable, []);
      assert.deepEqual(found.told, ["records_reindexed"]);
    }
  }
});

Deno.test("entries of NULs between others come back, all but how their records ended", async () => {
  using box = await killedBox();
  const { records } = await look(box);
  for (const numbers of [[0], [1], [2], [3], [0, 1], [3, 4]]) {
    using damaged = box.copy();
    changeEntries(damaged, numbers, (entry) => entry.fill(0));
    const expected = records.map((record, i) =>
      numbers.includes(i) ? { ...record, end: "recovered", damaged: false } : record
    );
    const found = await look(damaged);
    assert.deepEqual(found.records, expected, `entries ${numbers}`);
    assert.deepEqual(found.told, ["records_reindexed"]);
  }
});

Deno.test("entries for which there are not as many records keep their numbers, and no other number shifts", async () => {
  using box = await killedBox();
  const { records } = await look(box);
  changeEntries(box, [1, 2], (entry) => entry.fill(0));
  const found = await look(box);
  assert.deepEqual(found.records, [records[0], records[3], records[4]]);
  assert.deepEqual([found.unreadable, found.told], [[[2, 3]], ["2–3"]]);
  await using _journal = await box.open();
  assert.deepEqual((await look(box)).told, [], "and it is told once");
});

Deno.test("the last entry and its record damaged: the number stays taken, and what is found gets the next", async () => {
  using box = await killedBox();
  const { records } = await look(box);
  box.write(log, box.bytes(log).subarray(0, sixBegins));
  changeEntries(box, [4], (entry) => entry[3] = 7);
  const found = await look(box);
  assert.deepEqual(found.records, records.slice(0, 4));
  assert.deepEqual(found.told, ["5–5"]);
  await using journal = await box.open();
  assert.equal(journal.lastSequence, 5);
});

Deno.test("an entry damaged in front of records that are gone, and of NULs behind, is told with them", async () => {
  using box = await killedBox();
  const { records } = await look(box);
  box.write(log, box.bytes(log).subarray(0, threeBegins - 3));
  changeEntries(box, [1], (entry) => entry[3] = 7);
  box.write(index, Uint8Array.of(...box.bytes(index), ...new Uint8Array(100)));
  const found = await look(box);
  assert.deepEqual([found.records, found.told], [records.slice(0, 1), ["2–5"]]);
});

Deno.test("NULs behind the entries of an index are no records", async () => {
  using box = await killedBox();
  box.write(index, Uint8Array.of(...box.bytes(index), ...new Uint8Array(100)));
  const found = await look(box);
  assert.deepEqual([found.records.length, found.told], [texts.length, []]);
});

Deno.test("one entry for lines of which some are no record's stays unreadable", () => {
  const disk = new MemoryDisk();
  const text = `stray\n${headerText}one\n${headerText}two\n`;
  disk.write("/j.log", bytesOf(text));
  const bytes = new Uint8Array(indexEntryBytes);
  const mend = (from: number): MendedGap =>
    mendGap({ first: 0, bytes, from, to: text.length }, disk.read("/j.log"), header);
  assert.equal(mend(0).restored, false);
  assert.equal(mend("stray\n".length).restored, true);
});

Deno.test("a log that ends before its entries do takes no record more, however often opening is killed", async () => {
  using box = await killedBox();
  box.write(log, box.bytes(log).subarray(0, threeBegins + 20));
  const disk = new FailingDisk();
  let isMended = false;
  disk.before = ({ what, path }) => {
    if (isMended && ["open to append", "append", "rename"].includes(what)) {
      throw new Error("killed");
    }
    isMended ||= what === "rename" && path.endsWith(".idx.tmp");
  };
  const dying = await box.open({ disk }).catch(() => null);
  assert.deepEqual(box.complaints().slice(0, 1), ["unreadable_records"]);
  using left = box.copy();
  assert.deepEqual(left.rotated(), []);
  disk.heal();
  await dying?.close();
  await using journal = await left.open();
  assert.deepEqual(left.complaints(), []);
  assert.equal(left.rotated().length, 1);
  feed(journal, "new\n");
  await journal.sync();
  assert.deepEqual((await readAll(journal)).records.map(({ sequence }) => sequence), [1, 2, 6]);
});

Deno.test("a changed index is synced before it takes its place, and its folder behind that", async () => {
  using box = await killedBox();
  changeEntries(box, [1], (entry) => entry[3] = 7);
  const disk = new FailingDisk();
  const calls: string[] = [];
  disk.before = ({ what, path }) => {
    if (calls.length > 0 || what === "sync" && path.endsWith(".idx.tmp")) calls.push(what);
  };
  await using journal = await box.open({ disk });
  assert.equal(journal.lastSequence, texts.length);
  assert.deepEqual(calls.slice(0, 3), ["sync", "rename", "sync folder"]);
});

Deno.test("an entry at another one's place gives no record twice", async () => {
  using box = await killedBox();
  const before = await look(box);
  const first = box.bytes(index).slice(indexHeaderBytes, indexHeaderBytes + indexEntryBytes);
  changeEntries(box, [3], (entry) => entry.set(first));
  const found = await look(box);
  assert.deepEqual(found.records.map(({ text }) => text), texts);
  assert.deepEqual(found.records.map(({ id }) => id), before.records.map(({ id }) => id));
});

Deno.test("records that cannot be read are told once, in runs, and still when they can be read again", async () => {
  using box = await killedBox();
  const before = await look(box);
  const places = [0, threeBegins + 50, threeBegins - 2];
  for (const at of places) flipLog(box, at);
  {
    await using _journal = await box.open();
    assert.deepEqual(box.complaints(), ["unreadable_records"]);
    assert.deepEqual(box.notices[0]?.details, { from: 1, to: 3 });
  }
  const rotated = box.rotated()[0];
  assert.ok(rotated !== undefined);
  const found = await look(box);
  assert.deepEqual([found.told, found.unreadable], [[], [[1, 3]]]);
  const bytes = box.bytes(`${rotated}.log`);
  for (const at of places) bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  box.write(`${rotated}.log`, bytes);
  assert.deepEqual((await look(box)).records, before.records);
});

Deno.test("a disk that refuses to change an index does not keep the journal from opening", async () => {
  using box = await killedBox();
  const before = await look(box);
  changeEntries(box, [1], (entry) => entry[3] = 7);
  using refused = box.copy();
  const disk = new FailingDisk();
  disk.before = ({ what, path }) => {
    if (what === "open to append" && path.endsWith(".idx.tmp")) throw new Error("no room");
  };
  await using journal = await refused.open({ disk });
  const { records, unreadable } = await readAll(journal);
  assert.deepEqual(records.map(seen), [...before.records.slice(0, 1), ...before.records.slice(2)]);
  assert.deepEqual(unreadable, [{ from: 2, to: 2 }]);
  const kinds = refused.notices.map(({ kind }) => kind);
  assert.deepEqual(kinds.slice(0, 2), ["unreadable_records", "mending_refused"]);
  assert.deepEqual((await look(refused)).records, before.records, "the next start mends it");
});

Deno.test("a header that is damaged costs no number, no end and no epoch of the records before", async () => {
  using box = await killedBox();
  const before = await look(box);
  for (let at = 0; at < indexHeaderBytes; at++) {
    using damaged = box.copy();
    const bytes = damaged.bytes(index);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    damaged.write(index, bytes);
    const found = await look(damaged);
    assert.deepEqual(found.records, before.records, `byte ${at}`);
    assert.deepEqual(found.told, ["index_header_lost"]);
  }
});

Deno.test("an index of another log is told, and made anew under ids that were never given", async () => {
  using box = await killedBox();
  const before = await look(box);
  using other = new JournalBox();
  {
    await using journal = await other.open();
    for (const text of ["a", "whole", "other", "log"]) {
      journal.append([{ bytes: bytesOf(text), end: "line_feed" }], timeMs + 86_400_000);
    }
  }
  for (const entries of [1, 4]) {
    using mixed = box.copy();
    mixed.write(index, other.bytes(index).subarray(0, indexHeaderBytes + entries * 32));
    const found = await look(mixed);
    assert.ok(found.told.includes("foreign_index"));
    assert.deepEqual(found.unreadable, []);
    assert.equal(found.records[0]?.text, "one");
    const given = new Set(before.records.map(({ id }) => id));
    assert.ok(found.records.every(({ id }) => !given.has(id)));
  }
});

Deno.test("the index of a log with one record, damaged at any byte, is never taken for another log's", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "only\n");
  using killed = box.copy();
  for (let at = 0; at < headerText.length + 5; at++) {
    using damaged = killed.copy();
    // Another digit makes another time of it.
    flipLog(damaged, at, 1);
    const found = await look(damaged);
    assert.deepEqual([found.records, found.told], [[], ["1–1"]], `byte ${at}`);
  }
});

Deno.test("a log of NULs, or of nothing, does not make its index another log's", async () => {
  using box = await killedBox();
  for (const length of [0, box.bytes(log).length]) {
    using lost = box.copy();
    lost.write(log, new Uint8Array(length));
    const found = await look(lost);
    assert.deepEqual([found.records, found.told], [[], ["1–5"]]);
  }
});

Deno.test("indexes of rotated segments that were exchanged are told and made anew, with the same ids", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1 });
  for (const text of ["one\n", "two\n", "three\n"]) {
    feed(journal, text);
    await journal.sync();
  }
  using killed = box.copy();
  const before = await look(killed);
  const [first, second] = killed.rotated().map((base) => `${base}.idx`);
  assert.ok(first !== undefined && second !== undefined);
  const bytes = killed.bytes(first);
  killed.write(first, killed.bytes(second));
  killed.write(second, bytes);
  const found = await look(killed);
  assert.deepEqual(
    found.records.map(({ id, text }) => [id, text]),
    before.records.map(({ id, text }) => [id, text]),
  );
  assert.deepEqual(found.told.filter((kind) => kind === "foreign_index").length, 2);
});

Deno.test("a rotated segment whose index was cut gets its entries back", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 200 });
  for (let i = 0; i < 20; i++) {
    feed(journal, `record ${i}\n`);
    await journal.sync();
  }
  using killed = box.copy();
  assert.ok(killed.rotated().length > 3);
  const before = await look(killed);
  for (const base of killed.rotated()) {
    using cut = killed.copy();
    cut.write(`${base}.idx`, cut.bytes(`${base}.idx`).subarray(0, indexHeaderBytes + 33));
    const found = await look(cut);
    assert.deepEqual(found.records.map(({ id }) => id), before.records.map(({ id }) => id), base);
    assert.deepEqual(found.unreadable, []);
  }
});

for (
  const [boot, after, moved] of [
    ["first boot", "a kill", []],
    ["second boot", "a power cut", ["quarantined_bytes"]],
  ] as const
) {
  Deno.test(`when none of the newest records can be read after ${after}, the older ones are looked at`, async () => {
    using box = new JournalBox();
    const journal = await box.open({ maxSegmentBytes: 20_000_000 });
    for (let i = 1; i <= 90; i++) feed(journal, `${"x".repeat(65_000)}\n`);
    using killed = box.copy();
    await journal.close();
    const bytes = killed.bytes(log);
    const line = bytes.length / 90;
    killed.write(log, bytes.fill(0, 10 * line));
    await using again = await killed.open({ boot });
    assert.deepEqual(killed.complaints(), ["unreadable_records", ...moved]);
    const told = killed.notices.slice(0, 1 + moved.length).map(({ details }) => details);
    const range = { from: 10 * line, to: bytes.length - 1 };
    assert.deepEqual(told, [{ from: 11, to: 90 }, ...moved.map(() => range)]);
    assert.equal((await readAll(again)).records.length, 10);
  });
}
