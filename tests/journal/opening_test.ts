// An opening believes no more than what it knows: of files that a sync has failed on, of names that a
// kill left unsynced, of numbers that the files do not reach.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { FailingDisk } from "../support/failing_disk.ts";
import { FakeTime } from "../support/fake_time.ts";
import { feed, JournalBox, name, plain, readAll } from "../support/journal_box.ts";
import { makeDisk } from "../support/simulated_contents.ts";
import type { SimulatedDisk } from "../support/simulated_disk.ts";

const folders = { folder: "/logs", statePath: "/state/journal.json", tailFolder: "/run/tail" };
const seeds = 40;

function newDisk(seed: number): SimulatedDisk {
  const { folder, tailFolder } = folders;
  return makeDisk(seed, { folders: [folder, "/state", tailFolder], memory: ["/run/"] });
}

/** What the power leaves of the records. */
async function left(box: JournalBox, disk: SimulatedDisk): Promise<string[]> {
  const cut = disk.powerCut();
  cut.makeFolder(folders.tailFolder);
  await using heir = await box.open({ ...folders, disk: cut, boot: "second boot" });
  return (await readAll(heir)).records.map((record) => plain(record).text);
}

for (const ending of [".log", ".idx"]) {
  Deno.test(`what an opening has synced in vain in the ${ending} is written again before it is believed`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      using _ = new FakeTime();
      using box = new JournalBox();
      const disk = newDisk(seed);
      const dying = await box.open({ ...folders, disk });
      feed(dying, "one\ntwo\n");
      const killed = disk.kill();
      const { conditions } = killed;
      conditions.before = ({ what, path }) => {
        if (what !== "sync" || !path.startsWith(folders.folder) || !path.endsWith(ending)) return;
        conditions.faults = { shortAppend: 0, failedSync: 1, failedCall: 0 };
      };
      const journal = await box.open({ ...folders, disk: killed });
      assert.equal(journal.isOpen, false, "the sync failed");
      conditions.heal();
      for (let round = 0; round < 3; round++) await journal.sync();
      assert.equal(journal.durableSequence, 2);
      assert.deepEqual(await left(box, killed), ["one", "two"], `seed ${seed}`);
    }
  });
}

Deno.test("a copy that a kill left without a lasting name gets one before anybody reads it", async () => {
  for (let seed = 0; seed < seeds; seed++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const disk = newDisk(seed);
    const dying = await box.open({ ...folders, disk, maxSegmentBytes: 1 });
    for (const text of ["one\n", "two\n"]) {
      feed(dying, text);
      await dying.sync();
    }
    const rotated = disk.list(folders.folder).filter((file) => /Z\.(log|idx)$/.test(file));
    assert.equal(rotated.length, 2);
    for (const file of rotated) disk.remove(`${folders.folder}/${file}`);
    disk.syncFolderNow(folders.folder);
    const { conditions } = disk;
    let renames = 0;
    conditions.before = ({ what, path }) => {
      if (what === "rename" && path.endsWith(".tmp") && path.startsWith(folders.folder)) {
        renames += 1;
      }
      if (what !== "sync folder" || renames < 2) return;
      conditions.die();
      conditions.requireLife();
    };
    dying.look();
    await Promise.race([dying.sync().catch(() => {}), turns()]);
    assert.ok(conditions.dead);
    const killed = disk.kill();
    const heir = await box.open({ ...folders, disk: killed });
    assert.equal(heir.durableSequence, 2);
    assert.deepEqual((await readAll(heir)).records.length, 2);
    assert.deepEqual(await left(box, killed), ["one", "two"], `seed ${seed}`);
  }
});

Deno.test("files older than the state, which ends where its active segment begins, get a new epoch", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1 });
  feed(journal, "one\n");
  await journal.sync();
  using old = box.copy();
  for (const text of ["two\n", "three\n"]) feed(journal, text);
  await journal.sync();
  journal.append([], 0);
  await journal.sync();
  const state = JSON.parse(Deno.readTextFileSync(box.statePath));
  assert.equal(state.activeFirstSequence, 4);
  assert.equal(state.nextSequence, 4);
  Deno.copyFileSync(box.statePath, old.statePath);
  await using heir = await old.open();
  assert.notEqual(heir.epoch, journal.epoch);
  feed(heir, "new\n");
  await heir.sync();
  assert.equal(heir.lastSequence, 4);
});

/** Enough of the microtask queue for whatever does not wait for a dead disk. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await null;
}

Deno.test("what a segment holds beyond the next one's beginning is read from there, also when it could not be cut off", async () => {
  for (let seed = 0; seed < seeds; seed++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const disk = newDisk(seed);
    const journal = await box.open({ ...folders, disk });
    feed(journal, "one\n");
    await journal.sync();
    feed(journal, "two\nthree\n");
    const { conditions } = disk;
    conditions.faults = { shortAppend: 0, failedSync: 1, failedCall: 0 };
    await journal.sync();
    assert.equal(journal.durableSequence, 1);
    conditions.heal();
    conditions.before = ({ what, path }) => {
      if (what === "truncate" && path.startsWith(folders.folder)) throw new Error("refused");
    };
    for (let round = 0; round < 3; round++) await journal.sync();
    assert.equal(journal.durableSequence, 3);
    await journal.close();
    conditions.heal();
    assert.deepEqual(await left(box, disk), ["one", "two", "three"], `seed ${seed}`);
  }
});

Deno.test("a power cut between any two renames of an opening that finishes a rotation leaves all that was synced", async () => {
  let reached = true;
  for (let last = 1; reached; last++) {
    for (let seed = 0; seed < 2 * seeds; seed++) {
      using _ = new FakeTime();
      using box = new JournalBox();
      const disk = newDisk(seed);
      const dying = await box.open({ ...folders, disk, maxSegmentBytes: 90 });
      feed(dying, "one\ntwo\n");
      await dying.sync();
      feed(dying, "three\n");
      disk.conditions.before = ({ what, path }) => {
        if (what !== "rename" || !path.startsWith(folders.folder)) return;
        disk.conditions.die();
        disk.conditions.requireLife();
      };
      await Promise.race([dying.sync().catch(() => {}), turns()]);
      assert.ok(disk.conditions.dead);
      const killed = disk.kill();
      const { conditions } = killed;
      let calls = 0;
      conditions.before = ({ what, path }) => {
        if (!path.startsWith(folders.folder) || !/rename|remove|sync folder/.test(what)) return;
        calls += 1;
        if (calls !== last) return;
        conditions.die();
        conditions.requireLife();
      };
      await Promise.race([box.open({ ...folders, disk: killed }).catch(() => {}), turns()]);
      reached = conditions.dead;
      const found = await left(box, killed);
      assert.deepEqual(found.slice(0, 2), ["one", "two"], `seed ${seed}, call ${last}`);
    }
  }
});

Deno.test("a log that is made anew where memory held no record has a lasting name before anything in it is safe", async () => {
  for (let seed = 0; seed < seeds; seed++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const disk = newDisk(seed);
    const dying = await box.open({ ...folders, disk });
    feed(dying, "one\ntwo\n");
    await dying.sync();
    disk.conditions.before = ({ what, path }) => {
      if (path.startsWith(folders.folder) && !/read|size/.test(what)) throw new Error("refused");
    };
    await dying.sync();
    assert.equal(dying.inMemory, true);
    const killed = disk.kill();
    killed.remove(`${folders.folder}/${name}.log`);
    const heir = await box.open({ ...folders, disk: killed });
    assert.equal(heir.inMemory, false);
    feed(heir, "three\n");
    await heir.sync();
    assert.equal(heir.durableSequence, heir.lastSequence);
    assert.deepEqual(await left(box, killed), ["three"], `seed ${seed}`);
  }
});

const damages: readonly [string, (box: JournalBox) => void][] = [
  ["log and index deleted", (box) => {
    for (const ending of [".log", ".idx"]) rmSync(box.path(name + ending));
  }],
  ["an empty log", (box) => box.write(`${name}.log`, new Uint8Array(0))],
  ["half a record in the log", (box) => {
    box.write(`${name}.log`, box.bytes(`${name}.log`).subarray(0, 30));
  }],
  ["an empty index and half a log", (box) => {
    box.write(`${name}.log`, box.bytes(`${name}.log`).subarray(0, 60));
    box.write(`${name}.idx`, new Uint8Array(0));
  }],
  ["NULs alone", (box) => {
    for (const ending of [".log", ".idx"]) {
      box.write(name + ending, new Uint8Array(box.bytes(name + ending).length));
    }
  }],
];

for (const [what, damage] of damages) {
  Deno.test(`${what}, and an opening killed before any call: no id is given out twice`, async () => {
    using box = new JournalBox();
    await using dying = await box.open();
    feed(dying, "one\ntwo\n");
    await dying.sync();
    using damaged = box.copy();
    damage(damaged);
    const killed: JournalBox[] = [];
    const disk = new FailingDisk();
    disk.before = () => killed.push(damaged.copy());
    await (await damaged.open({ disk })).close();
    for (const [call, left] of killed.entries()) {
      using _ = left;
      await using heir = await left.open();
      assert.ok(heir.epoch !== dying.epoch || heir.lastSequence >= 2, `killed before call ${call}`);
    }
    assert.ok(killed.length > 20);
  });
}
