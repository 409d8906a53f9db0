// A power cut in a rotation, on a disk that keeps any of the renames and not the others: what the
// journal said would last is there, under its ids.

import assert from "node:assert/strict";
import type { Journal } from "../../src/journal/journal.ts";
import type { DiskCall } from "../support/failing_disk.ts";
import { FakeTime } from "../support/fake_time.ts";
import { feed, JournalBox, plain, readAll } from "../support/journal_box.ts";
import { makeDisk } from "../support/simulated_contents.ts";
import type { SimulatedDisk } from "../support/simulated_disk.ts";

const folders = { folder: "/logs", statePath: "/state/journal.json", tailFolder: "/run/tail" };
const seeds = 60;

function newDisk(seed: number): SimulatedDisk {
  const { folder, tailFolder } = folders;
  return makeDisk(seed, { folders: [folder, "/state", tailFolder], memory: ["/run/"] });
}

/** A journal that holds two synced records and has begun to rotate with a third one. */
async function rotating(box: JournalBox, disk: SimulatedDisk): Promise<Journal> {
  const journal = await box.open({ ...folders, disk, maxSegmentBytes: 90 });
  feed(journal, "one\ntwo\n");
  await journal.sync();
  feed(journal, "three\n");
  return journal;
}

/** What is left of the first `count` records after a power cut. */
async function left(box: JournalBox, disk: SimulatedDisk, count: number): Promise<string[]> {
  const cut = disk.powerCut();
  cut.makeFolder(folders.tailFolder);
  await using heir = await box.open({ ...folders, disk: cut, boot: "second boot" });
  const { records } = await readAll(heir);
  return records.slice(0, count).map((record) => `${record.sequence} ${plain(record).text}`);
}

const all = ["1 one", "2 two", "3 three"];

Deno.test("a power cut between any two renames of a rotation leaves all that was synced", async () => {
  let reached = true;
  for (let last = 1; reached; last++) {
    for (let seed = 0; seed < seeds; seed++) {
      using _ = new FakeTime();
      using box = new JournalBox();
      const disk = newDisk(seed);
      const journal = await rotating(box, disk);
      let calls = 0;
      disk.conditions.before = ({ what, path }) => {
        if (!path.startsWith(folders.folder) || !/rename|sync folder/.test(what)) return;
        calls += 1;
        if (calls === last) disk.conditions.die();
      };
      await Promise.race([journal.sync().catch(() => {}), turns()]);
      reached = calls >= last;
      const found = await left(box, disk, 2);
      assert.deepEqual(found, all.slice(0, 2), `seed ${seed}, power cut at call ${last}`);
    }
    assert.ok(last > 6 || reached, `only ${last} calls`);
  }
});

const refusals: Readonly<Record<string, DiskCall["what"]>> = {
  "it is synced": "sync",
  "its names are made to last": "sync folder",
  "it is renamed": "rename",
};

for (const [title, refused] of Object.entries(refusals)) {
  Deno.test(`a rotation refused where ${title}, then a power cut: what was said to last does`, async () => {
    for (const first of [1, 2, 3]) {
      for (let seed = 0; seed < seeds; seed++) {
        using _ = new FakeTime();
        using box = new JournalBox();
        const disk = newDisk(seed);
        const journal = await rotating(box, disk);
        let calls = 0;
        disk.conditions.before = ({ what, path }) => {
          if (!path.startsWith(folders.folder) || what !== refused) return;
          calls += 1;
          if (calls >= first) throw new Error("refused");
        };
        await journal.sync();
        const lasting = journal.durableSequence;
        const found = await left(box, disk, lasting);
        assert.deepEqual(found, all.slice(0, lasting), `seed ${seed}, refused from call ${first}`);
      }
    }
  });
}

/** Enough of the microtask queue for whatever does not wait for a dead disk. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await null;
}

Deno.test("what an opening after a kill lets readers see outlives a power cut", async () => {
  for (let seed = 0; seed < seeds; seed++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const disk = newDisk(seed);
    const journal = await box.open({ ...folders, disk });
    feed(journal, "one\ntwo\nthree\n");
    const killed = disk.kill();
    const heir = await box.open({ ...folders, disk: killed });
    assert.equal(heir.durableSequence, 3, "the page cache holds them");
    assert.deepEqual(await left(box, killed, 3), all, `seed ${seed}`);
  }
});
