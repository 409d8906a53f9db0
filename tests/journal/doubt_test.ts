// Numbers that may have been given out are not given again, and records that are not safe are not
// shown, at whatever moment somebody looks.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { FailingDisk } from "../support/failing_disk.ts";
import { FakeTime } from "../support/fake_time.ts";
import { feed, JournalBox, name, plain, readAll } from "../support/journal_box.ts";
import { makeDisk } from "../support/simulated_contents.ts";

Deno.test("a kill before the new epoch is begun does not make the next opening forget why one is needed", async () => {
  using box = new JournalBox();
  await using dying = await box.open();
  feed(dying, "one\ntwo\n");
  await dying.sync();
  using damaged = box.copy();
  for (const ending of [".log", ".idx"]) rmSync(damaged.path(name + ending));
  const disk = new FailingDisk();
  const copies: JournalBox[] = [];
  disk.before = ({ what, path }) => {
    if (what === "open to append" && path.endsWith(".next.log")) copies.push(damaged.copy());
  };
  await using opened = await damaged.open({ disk });
  assert.notEqual(opened.epoch, dying.epoch);
  assert.equal(copies.length, 1);
  for (const copy of copies) {
    using left = copy;
    await using heir = await left.open();
    assert.notEqual(heir.epoch, dying.epoch);
  }
});

Deno.test("a state that tells of a stop is not believed when the log has grown since", async () => {
  using box = new JournalBox();
  await (await box.open()).close();
  const stopped = await Deno.readTextFile(box.statePath);
  await using dying = await box.open();
  feed(dying, "one\n");
  await dying.sync();
  using left = box.copy();
  await Deno.writeTextFile(left.statePath, stopped);
  await using heir = await left.open({ boot: "second boot" });
  assert.notEqual(heir.epoch, dying.epoch, "the machine went down without a stop");
});

Deno.test("what is appended while a disk that could be opened late is taken is not safe before its sync", async () => {
  const folders = { folder: "/logs", statePath: "/state/journal.json", tailFolder: "/run/tail" };
  for (let seed = 0; seed < 20; seed++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const made = { folders: ["/logs", "/state", "/run/tail"], memory: ["/run/"] };
    const disk = makeDisk(seed, made);
    const { conditions } = disk;
    const stopped = await box.open({ ...folders, disk });
    feed(stopped, "one\n");
    await stopped.close();
    conditions.before = ({ path }) => {
      if (path.startsWith(folders.folder)) throw new Error("refused");
    };
    const journal = await box.open({ ...folders, disk });
    assert.equal(journal.isOpen, false);
    let isFed = false;
    conditions.before = ({ what, path }) => {
      if (isFed || what !== "rename" || !path.startsWith("/state/")) return;
      isFed = true;
      feed(journal, "two\n");
    };
    const synced = journal.sync();
    while (!journal.isOpen) await null;
    assert.ok(isFed, "something came in meanwhile");
    const lasting = journal.durableSequence;
    assert.ok(lasting > 0);
    const cut = disk.powerCut();
    await synced.catch(() => {});
    cut.makeFolder(folders.tailFolder);
    await using heir = await box.open({ ...folders, disk: cut, boot: "second boot" });
    const found = (await readAll(heir)).records.map((record) => plain(record).text);
    const all = ["one", "two"].slice(0, lasting);
    assert.deepEqual(found.slice(0, lasting), all, `seed ${seed}`);
  }
});
