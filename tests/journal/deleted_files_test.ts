// Somebody deletes, moves away or replaces a single file of the active segment, or the folder, while
// the journal is being written.

import assert from "node:assert/strict";
import { existsSync, renameSync, rmSync } from "node:fs";
import type { Journal } from "../../src/journal/journal.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { FakeTime } from "../support/fake_time.ts";
import {
  bytesOf,
  feed,
  headerText,
  JournalBox,
  name,
  textOf,
  texts,
} from "../support/journal_box.ts";
import { makeDisk } from "../support/simulated_contents.ts";

const sent = ["one", "two", "three", "four"];
const lines = sent.map((text) => `${headerText}${text}\n`).join("");

/** Notices what happened to the files, and brings all of it back. */
async function settle(journal: Journal): Promise<void> {
  journal.look();
  for (let round = 0; round < 10; round++) await journal.sync();
  assert.equal(journal.inMemory, false);
}

for (const ending of [".log", ".idx"]) {
  for (const how of ["deleted", "moved away", "replaced"]) {
    Deno.test(`an active ${ending} that is ${how}: what was appended is there again, synced or not`, async () => {
      using box = new JournalBox();
      const disk = new FailingDisk();
      await using journal = await box.open({ disk });
      feed(journal, "one\ntwo\n");
      await journal.sync();
      feed(journal, "three\nfo");
      const path = box.path(name + ending);
      if (how === "deleted") rmSync(path);
      else renameSync(path, `${box.folder}/away${ending}`);
      if (how === "replaced") box.write(name + ending, bytesOf("a stranger's"));
      await settle(journal);
      feed(journal, "ur\n");
      await journal.sync();
      if (existsSync(`${box.folder}/away${ending}`)) rmSync(`${box.folder}/away${ending}`);
      assert.deepEqual(await texts(journal), sent);
      assert.equal(box.logText(), lines);
      const set = box.files().filter((file) => file.endsWith(".foreign"));
      if (how === "replaced") assert.equal(textOf(box.bytes(set[0] ?? "")), "a stranger's");
      else assert.deepEqual(set, []);
      assert.deepEqual(box.complaints(), ["disk_refuses"], "it was told, and nothing is lost");
      using left = box.copy();
      await using heir = await left.open();
      assert.deepEqual(await texts(heir), sent);
      assert.deepEqual(left.complaints(), []);
      await journal.close();
      assert.equal(disk.openFiles, 0);
    });
  }
}

Deno.test("a copy of deleted files that the disk refuses at any call is made up for", async () => {
  let reached = true;
  for (let refused = 1; reached; refused++) {
    using box = new JournalBox();
    const disk = new FailingDisk();
    await using journal = await box.open({ disk });
    feed(journal, "one\ntwo\n");
    await journal.sync();
    feed(journal, "three\nfo");
    rmSync(box.folder, { recursive: true });
    let calls = 0;
    disk.before = ({ path }) => {
      if (!path.startsWith(box.folder)) return;
      calls += 1;
      reached = calls >= refused;
      if (calls === refused) throw new Error("refused");
    };
    journal.look();
    await journal.sync().catch(() => {});
    disk.heal();
    await settle(journal);
    feed(journal, "ur\n");
    assert.deepEqual(await texts(journal), sent, `call ${refused}`);
    assert.equal(box.logText(), lines, `call ${refused}`);
    await journal.close();
    assert.equal(disk.openFiles, 0, `call ${refused}`);
  }
});

Deno.test("an active .idx that is deleted, and a kill at any call of making up for it: nothing is lost, nothing twice", async () => {
  let reached = true;
  for (let last = 1; reached; last++) {
    using box = new JournalBox();
    const disk = new FailingDisk();
    await using journal = await box.open({ disk });
    feed(journal, "one\ntwo\nthree\nfo");
    await journal.sync();
    rmSync(box.path(`${name}.idx`));
    let calls = 0;
    const copies: JournalBox[] = [];
    disk.before = () => {
      calls += 1;
      if (calls === last) copies.push(box.copy());
    };
    journal.look();
    for (let round = 0; round < 3; round++) await journal.sync();
    reached = copies.length > 0;
    for (const copy of copies) {
      using left = copy;
      await using heir = await left.open();
      feed(heir, "ur\n");
      const found = await texts(heir);
      assert.deepEqual(found, sent, `call ${last}`);
    }
  }
});

Deno.test("a kill between the two renames of a copy of deleted files loses nothing", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "one\ntwo\nthree\nfour\n");
  await journal.sync();
  rmSync(box.folder, { recursive: true });
  const copies: JournalBox[] = [];
  let renames = 0;
  disk.before = ({ what, path }) => {
    if (what !== "rename" || !/Z\.(log|idx)\.tmp$/.test(path)) return;
    renames += 1;
    if (renames === 2) copies.push(box.copy());
  };
  await settle(journal);
  assert.equal(copies.length, 1);
  for (const copy of copies) {
    using left = copy;
    await using heir = await left.open();
    assert.deepEqual(await texts(heir), sent);
  }
});

Deno.test("rotated files that are deleted come back where they are held open; the others are told as lost", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1 });
  const all = ["one", "two", "three", "four", "five", "six"];
  for (const text of all) {
    feed(journal, `${text}\n`);
    await journal.sync();
  }
  const held = journal.shelf.segments.filter(({ files }) => files !== undefined).length;
  assert.equal(held, 4);
  for (const base of box.rotated()) {
    for (const ending of [".log", ".idx"]) rmSync(box.path(base + ending));
  }
  await settle(journal);
  assert.deepEqual(await texts(journal), all.slice(1));
  assert.equal(box.logText(), all.slice(1).map((text) => `${headerText}${text}\n`).join(""));
  assert.deepEqual(
    box.notices.filter(({ kind }) => kind === "records_lost").map(({ details }) => details),
    [{ from: 1, to: 1, records: 1 }],
  );
});

Deno.test("a folder that was deleted and made again outlives a power cut, with what was copied", async () => {
  const folders = {
    folder: "/data/logs",
    statePath: "/state/journal.json",
    tailFolder: "/run/tail",
  };
  for (let seed = 0; seed < 40; seed++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const options = { folders: ["/data/logs", "/state", "/run/tail"], memory: ["/run/"] };
    const disk = makeDisk(seed, options);
    const journal = await box.open({ ...folders, disk });
    feed(journal, "one\ntwo\n");
    await journal.sync();
    for (const file of disk.list(folders.folder)) disk.remove(`${folders.folder}/${file}`);
    disk.remove(folders.folder);
    await settle(journal);
    assert.equal(journal.durableSequence, 2);
    const left = disk.powerCut();
    left.makeFolder(folders.tailFolder);
    await using heir = await box.open({ ...folders, disk: left, boot: "second boot" });
    assert.deepEqual(await texts(heir), ["one", "two"], `seed ${seed}`);
  }
});
