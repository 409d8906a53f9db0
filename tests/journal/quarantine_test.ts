import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { quarantineTail } from "../../src/journal/quarantine.ts";
import { indexHeaderBytes } from "../../src/journal/segment_index.ts";
import { FailingDisk } from "../support/failing_disk.ts";
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
import { MemoryDisk } from "../support/memory_disk.ts";

const log = `${name}.log`;
const quarantine = `${name}.quarantine`;
const wallMs = Date.UTC(2026, 0, 31, 12, 0, 0, 7);

/** A box whose service was killed, with `tail` behind the records "one" and "two". */
async function boxWithTail(tail: string): Promise<JournalBox> {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\ntwo\n");
  const killed = box.copy();
  killed.write(log, Uint8Array.of(...killed.bytes(log), ...bytesOf(tail)));
  return killed;
}

/** What `disk` holds after the tail of `/j.log` from `from` on was set aside. */
function setAside(disk: MemoryDisk, from: number): void {
  quarantineTail(disk, { base: "/j", log: disk.read("/j.log"), from, reason: "no record", wallMs });
}

Deno.test("a piece is a line that says when, from where, how much and why, its bytes, and a line feed", () => {
  const disk = new MemoryDisk();
  disk.write("/j.log", bytesOf("record\nstr\0y\n\xff"));
  setAside(disk, 7);
  assert.equal(textOf(disk.bytes("/j.log")), "record\n");
  const first = "2026-01-31T12:00:00.007Z j.log from 7 length 7 kept 7: no record\nstr\0y\n\xff\n";
  assert.equal(textOf(disk.bytes("/j.quarantine")), first);
  disk.write("/j.log", bytesOf("record\n\0\0\0"));
  setAside(disk, 7);
  const second = "2026-01-31T12:00:00.007Z j.log from 7 length 3 kept 0: no record\n\n";
  assert.equal(textOf(disk.bytes("/j.quarantine")), first + second);
});

Deno.test("a piece behind one that was cut short begins a line", () => {
  const disk = new MemoryDisk();
  disk.write("/j.quarantine", bytesOf("2026-01-31T11:"));
  disk.write("/j.log", bytesOf("stray"));
  setAside(disk, 0);
  const lines = textOf(disk.bytes("/j.quarantine")).split("\n");
  assert.deepEqual(lines.slice(0, 1), ["2026-01-31T11:"]);
  assert.match(lines[1] ?? "", /^2026-01-31T12:00:00.007Z j.log from 0 length 5 kept 5: /);
  assert.deepEqual(lines.slice(2), ["stray", ""]);
});

Deno.test("more than one read's worth of bytes is set aside whole", () => {
  const disk = new MemoryDisk();
  const stray = new Uint8Array(2_500_000).map((_, i) => i % 251);
  disk.write("/j.log", stray);
  setAside(disk, 0);
  const kept = disk.bytes("/j.quarantine");
  assert.deepEqual(kept.subarray(kept.indexOf(10) + 1, -1), stray);
  assert.equal(disk.size("/j.log"), 0);
});

Deno.test("what is no record at the log's end moves to the quarantine, and the log is exactly the records", async () => {
  for (const tail of ["garbage", "more\ngarbage\n", headerText.slice(0, 30), "\0\0\0"]) {
    using box = await boxWithTail(tail);
    const records = box.bytes(log).length - tail.length;
    await using journal = await box.open();
    assert.deepEqual(box.complaints(), ["quarantined_bytes"]);
    assert.deepEqual(box.notices[0]?.details, { from: records, to: records + tail.length - 1 });
    assert.equal(box.logText(), `${headerText}one\n${headerText}two\n`);
    const kept = textOf(box.bytes(quarantine)).split("\n").slice(1).join("\n");
    assert.equal(kept, tail === "\0\0\0" ? "\n" : `${tail}\n`);
    feed(journal, "three\n");
    assert.deepEqual(await texts(journal), ["one", "two", "three"]);
  }
});

Deno.test("what moved to the quarantine is told once, and costs one epoch", async () => {
  using box = await boxWithTail("garbage");
  await using journal = await box.open();
  using left = box.copy();
  await using again = await left.open();
  assert.deepEqual(left.notices, []);
  assert.equal(again.epoch, journal.epoch);
});

Deno.test("moving to the quarantine, killed or refused at any call, loses no byte and opens all the same", async () => {
  const tail = "garbage";
  let calls = 0;
  for (let k = 1; k <= Math.max(calls, 1); k++) {
    using box = await boxWithTail(tail);
    const disk = new FailingDisk();
    let count = 0;
    disk.before = ({ what, path }) => {
      const ours = path.endsWith(".quarantine") || what === "truncate" ||
        path.endsWith(log) && what === "open to append";
      if (!ours) return;
      count += 1;
      if (count === k) throw new Error(`refused: ${what}: ${path}`);
    };
    await using journal = await box.open({ disk }).catch(() => null);
    calls = Math.max(calls, count);
    const everything = box.files().filter((file) => /log$|quarantine$/.test(file))
      .map((file) => textOf(box.bytes(file))).join("");
    assert.ok(everything.includes(tail), `call ${k}`);
    assert.ok(box.complaints().some((kind) => /bytes$/.test(kind)), `call ${k}: it is told`);
    if (journal === null) continue;
    feed(journal, "three\n");
    assert.deepEqual(await texts(journal), ["one", "two", "three"], `call ${k}`);
  }
  assert.ok(calls > 5, `only ${calls} calls`);
});

Deno.test("a full disk refuses the quarantine: the bytes stay, half a piece does not", async () => {
  using box = await boxWithTail("garbage");
  const disk = new FailingDisk();
  disk.before = ({ what, path }) => {
    const first = what === "append" && path.endsWith(".quarantine") && disk.freeBytes === Infinity;
    if (first) disk.freeBytes = 20;
  };
  await box.open({ disk }).catch(() => null);
  disk.heal();
  assert.equal(box.bytes(quarantine).length, 0);
  assert.ok(box.bytes(log).length > 0 && box.logText().endsWith("garbage"));
});

Deno.test("stray bytes that records stand behind stay where they are, and are told once", async () => {
  using box = await boxWithTail("");
  const one = `before\n${headerText}one\n`;
  // A power cut: nobody can tell whose the bytes behind the block are.
  const lost = `${headerText}lost`.padEnd(512 - one.length, "\0") + "end\nof it\n";
  box.write(log, bytesOf(`${one}${lost}${headerText}two\n`));
  box.write(`${name}.idx`, box.bytes(`${name}.idx`).subarray(0, indexHeaderBytes));
  const strays = [[0, 6], [one.length, one.length + lost.length - 1]]
    .map(([from, to]) => ({ from, to }));
  await using journal = await box.open({ boot: "second boot" });
  const told = box.notices.filter(({ kind }) => kind === "stray_bytes");
  assert.deepEqual(told.map(({ details }) => details), strays);
  assert.deepEqual(await texts(journal), ["one", "two"]);
  using left = box.copy();
  await using again = await left.open({ boot: "second boot" });
  assert.deepEqual(left.notices, []);
  assert.deepEqual(await texts(again), ["one", "two"]);
});

for (
  const [boot, kept, stays] of [
    ["first boot", "the be\0\0\0", "a kill: they are bytes of the record"],
    ["second boot", "the be", "a power cut: they go to the quarantine"],
  ] as const
) {
  Deno.test(`NULs behind an open record after ${stays}`, async () => {
    using box = await boxWithTail(`${headerText}the be\0\0\0`);
    await using journal = await box.open({ boot });
    assert.equal(journal.position.openBytes, kept.length);
    feed(journal, "~\n");
    await journal.sync();
    const { records } = await readAll(journal);
    assert.deepEqual(records.map((record) => plain(record).text), ["one", "two", `${kept}~`]);
    assert.deepEqual(box.complaints(), kept === "the be" ? ["quarantined_bytes"] : []);
  });
}

Deno.test("a header torn by a power cut in front of NULs takes no record with it", async () => {
  for (const lost of [0, 32]) {
    using box = await boxWithTail(`${headerText.slice(0, 9)}\0\0\0`);
    const index = box.bytes(`${name}.idx`);
    box.write(`${name}.idx`, index.subarray(0, index.length - lost));
    await using journal = await box.open({ boot: "second boot" });
    assert.deepEqual(await texts(journal), ["one", "two"]);
    assert.equal(journal.position.openBytes, null);
    assert.deepEqual(box.complaints(), ["quarantined_bytes"]);
  }
});

Deno.test("a clean stop synced everything: NULs behind an open record stay, even after a reboot", async () => {
  using box = new JournalBox();
  {
    await using journal = await box.open();
    feed(journal, "one\nthe be\0\0");
  }
  await using journal = await box.open({ boot: "second boot" });
  assert.equal(journal.position.openBytes, 8);
  assert.deepEqual(box.complaints(), []);
});

Deno.test("an index that is lost says nothing of what was synced: NULs are bytes of their records", async () => {
  using box = await boxWithTail("");
  const long = headerText.padEnd(512, "\0");
  box.write(log, bytesOf(`${long}one\n${headerText}two\n`));
  rmSync(box.path(`${name}.idx`));
  await using journal = await box.open({ boot: "second boot" });
  assert.deepEqual(await texts(journal), [`${long.slice(headerText.length)}one`, "two"]);
});

Deno.test("the bytes are safe in the quarantine before the log is cut, and the cut is synced", async () => {
  using box = await boxWithTail("garbage");
  const disk = new FailingDisk();
  const calls: string[] = [];
  disk.before = ({ what, path }) => {
    const file = path.slice(box.folder.length + 1);
    if (file === quarantine || what === "sync folder" || file === log) {
      calls.push(`${what} ${file}`);
    }
  };
  await using journal = await box.open({ disk });
  disk.heal();
  assert.equal(journal.lastSequence, 2);
  const first = calls.indexOf(`open to append ${quarantine}`);
  const order = calls.slice(first).filter((call) => !/^(append|read) /.test(call));
  assert.deepEqual(order.slice(0, 6), [
    `open to append ${quarantine}`,
    `sync ${quarantine}`,
    "sync folder ",
    `open to append ${log}`,
    `truncate ${log}`,
    `sync ${log}`,
  ]);
});

Deno.test("a rotated log was synced: a power cut took nothing of what moved on from it", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "one\nthe be\0\0");
  disk.before = ({ what }) => {
    if (what === "truncate") throw new Error("refused");
  };
  assert.throws(() => journal.beginEpoch(2, "a test wants it"), /refused/);
  disk.heal();
  using left = box.copy();
  await using heir = await left.open({ boot: "second boot" });
  assert.equal(heir.position.openBytes, 6);
  assert.deepEqual(left.files().filter((file) => file.endsWith(".quarantine")), [quarantine]);
});
