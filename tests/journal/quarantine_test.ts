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

Deno.test("a full disk refuses the quarantine: the bytes stay, half a piece does not, and records go on", async () => {
  using box = await boxWithTail("garbage");
  const disk = new FailingDisk();
  let room = Infinity;
  disk.before = ({ what, path }) => {
    if (what !== "append") return;
    if (room < Infinity) room = 0;
    else if (path.endsWith(".quarantine")) room = 20;
    // Memory is another file system.
    disk.freeBytes = path.startsWith(box.tailFolder) ? Infinity : room;
  };
  await using journal = await box.open({ disk });
  assert.equal(room, 0);
  disk.heal();
  assert.equal(box.bytes(quarantine).length, 0);
  assert.ok(box.logText().endsWith("garbage"));
  feed(journal, "three\n");
  await journal.sync();
  assert.deepEqual(await texts(journal), ["one", "two", "three"]);
  assert.equal(journal.inMemory, false);
  using left = box.copy();
  await using heir = await left.open();
  assert.deepEqual(left.complaints(), ["quarantined_bytes"], "the next start tries again");
  assert.equal(left.logText(), `${headerText}one\n${headerText}two\n${headerText}three\n`);
  assert.deepEqual(await texts(heir), ["one", "two", "three"]);
});

for (
  const [what, refuse] of [
    ["is refused", (call: string) => call.endsWith(".quarantine")],
    ["and all writing is refused", (call: string) => /^(open to append|append|rename) /.test(call)],
  ] as const
) {
  Deno.test(`of a log without a record, and when the quarantine ${what}, no byte is lost`, async () => {
    using box = await boxWithTail("");
    box.write(log, bytesOf("garbage"));
    box.write(`${name}.idx`, box.bytes(`${name}.idx`).subarray(0, indexHeaderBytes));
    const disk = new FailingDisk();
    disk.before = ({ what, path }) => {
      if (path.startsWith(box.folder) && refuse(`${what} ${path}`)) throw new Error("refused");
    };
    await using journal = await box.open({ disk });
    feed(journal, "one\n");
    disk.heal();
    await journal.sync();
    assert.deepEqual(await texts(journal), ["one"]);
    assert.equal(journal.inMemory, false);
    const kept = box.files().filter((file) => textOf(box.bytes(file)).includes("garbage"));
    assert.equal(kept.length, 1, box.files().join());
    assert.match(box.logText(), /^(garbage)?\[\d+\].* one\n$/);
  });
}

Deno.test("stray bytes that records stand behind stay where they are, and are told once", async () => {
  using box = await boxWithTail("");
  box.write(log, bytesOf(`before\n${headerText}one\n${headerText}two\n`));
  box.write(`${name}.idx`, box.bytes(`${name}.idx`).subarray(0, indexHeaderBytes));
  await using journal = await box.open();
  const told = box.notices.filter(({ level }) => level === "error");
  assert.deepEqual(told.map(({ kind, details }) => [kind, details]), [
    ["stray_bytes", { from: 0, to: 6 }],
  ]);
  assert.deepEqual(await texts(journal), ["one", "two"]);
  using left = box.copy();
  await using again = await left.open();
  assert.deepEqual(left.notices, []);
  assert.deepEqual(await texts(again), ["one", "two"]);
});

Deno.test("behind the first block that a power cut took nobody can tell what is whose: it is all set aside", async () => {
  using box = await boxWithTail("");
  const begun = `before\n${headerText}one\n${headerText}lost`;
  const behind = `${"\0".repeat(512 - begun.length)}end\nof it\n${headerText}two\n`;
  box.write(log, bytesOf(begun + behind));
  box.write(`${name}.idx`, box.bytes(`${name}.idx`).subarray(0, indexHeaderBytes));
  await using journal = await box.open({ boot: "second boot" });
  const told = box.notices.filter(({ level }) => level === "error");
  assert.deepEqual(told.map(({ kind, details }) => [kind, details]), [
    ["stray_bytes", { from: 0, to: 6 }],
    ["quarantined_bytes", { from: begun.length, to: begun.length + behind.length - 1 }],
  ]);
  assert.ok(textOf(box.bytes(quarantine)).endsWith(`\n${behind}\n`));
  assert.deepEqual(await texts(journal), ["one", "lost"]);
  using left = box.copy();
  await using again = await left.open({ boot: "second boot" });
  assert.deepEqual(left.notices, []);
  feed(again, "~\n");
  assert.deepEqual(await texts(again), ["one", "lost", "~"]);
});

for (
  const [boot, kept, stays] of [
    ["first boot", ["the be\0\0\0~"], "a kill: they are bytes of the record"],
    ["second boot", ["the be", "~"], "a power cut: they go to the quarantine"],
  ] as const
) {
  Deno.test(`NULs behind an open record after ${stays}`, async () => {
    using box = await boxWithTail(`${headerText}the be\0\0\0`);
    await using journal = await box.open({ boot });
    feed(journal, "~\n");
    assert.deepEqual(await texts(journal), ["one", "two", ...kept]);
    assert.deepEqual(box.complaints(), kept.length > 1 ? ["quarantined_bytes"] : []);
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
  assert.deepEqual(await texts(journal), ["one", "the be\0\0"]);
  assert.deepEqual(box.complaints(), []);
});

Deno.test("an index that is lost costs nothing after a kill: NULs are bytes of their records", async () => {
  using box = await boxWithTail("");
  const long = headerText.padEnd(512, "\0");
  box.write(log, bytesOf(`${long}one\n${headerText}two\n`));
  rmSync(box.path(`${name}.idx`));
  await using journal = await box.open();
  assert.deepEqual(box.complaints(), ["index_lost"]);
  assert.deepEqual(await texts(journal), [`${long.slice(headerText.length)}one`, "two"]);
});

Deno.test("an index that is lost in a power cut vouches for nothing: records get new ids, up to the first lost block", async () => {
  const begun = `${headerText}one\n${headerText}two\n${headerText}three`;
  const behind = `${"\0".repeat(512 - begun.length)}end\n${headerText}four\n`;
  using box = await boxWithTail((begun + behind).slice(begun.indexOf(`${headerText}three`)));
  using copy = box.copy();
  await using before = await copy.open();
  const ids = new Set((await readAll(before)).records.map((record) => plain(record).id));
  assert.ok(ids.size >= 2);
  rmSync(box.path(`${name}.idx`));
  await using journal = await box.open({ boot: "second boot" });
  const told = box.notices.filter(({ level }) => level === "error");
  const size = begun.length + behind.length;
  assert.deepEqual(told.map(({ kind, details }) => [kind, details]), [
    ["index_lost", { from: 0, to: size - 1 }],
    ["quarantined_bytes", { from: begun.length, to: size - 1 }],
  ]);
  await journal.sync();
  const { records } = await readAll(journal);
  assert.deepEqual(records.map((record) => plain(record).text), ["one", "two", "three"]);
  assert.ok(records.every((record) => !ids.has(plain(record).id)));
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

Deno.test("what is open when a rotation is refused half-way and the power goes loses no byte", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "one\nthe be\0\0");
  disk.before = ({ what }) => {
    if (what === "truncate") throw new Error("refused");
  };
  journal.beginEpoch(2, "a test wants it");
  assert.equal(journal.inMemory, true);
  disk.heal();
  using left = box.copy();
  // Memory does not outlive a power cut.
  rmSync(left.tailFolder, { recursive: true });
  await using heir = await left.open({ boot: "second boot" });
  assert.deepEqual(await texts(heir), ["one", "the be"]);
  const set = left.files().filter((file) => file.endsWith(".quarantine"));
  assert.equal(set.length, 2, "the NULs stood in both logs");
  assert.equal(left.logText(), `${headerText}one\n${headerText}the be\n`);
});
