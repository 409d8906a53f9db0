// On the way home nothing is let go of before all that was in memory is safe on the disk.

import assert from "node:assert/strict";
import type { Journal } from "../../src/journal/journal.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { FakeTime } from "../support/fake_time.ts";
import { HandClock } from "../support/hand_clock.ts";
import {
  feed,
  headerText,
  JournalBox,
  plain,
  readAll,
  textOf,
  texts,
} from "../support/journal_box.ts";
import { makeDisk } from "../support/simulated_contents.ts";
import type { SimulatedDisk } from "../support/simulated_disk.ts";

const folders = { folder: "/logs", statePath: "/state/journal.json", tailFolder: "/run/tail" };

function newDisk(seed: number): SimulatedDisk {
  const { folder, tailFolder } = folders;
  return makeDisk(seed, { folders: [folder, "/state", tailFolder], memory: ["/run/"] });
}

function refuseAppends(disk: FailingDisk, box: JournalBox): void {
  disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(box.folder)) throw new Error("refused");
  };
}

async function bringHome(journal: Journal): Promise<void> {
  while (journal.inMemory) await journal.sync();
}

Deno.test("synced bytes of a record that went on in memory stay until the record is safe on the disk", async () => {
  for (let seed = 0; seed < 20; seed++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const disk = newDisk(seed);
    const { conditions } = disk;
    const journal = await box.open({ ...folders, disk });
    feed(journal, "one\ntw");
    await journal.sync();
    conditions.before = ({ what, path }) => {
      if (what === "append" && path.startsWith(folders.folder)) throw new Error("refused");
    };
    feed(journal, "o\n");
    assert.equal(journal.inMemory, true);
    conditions.before = ({ what, path }) => {
      if (what !== "sync" || !path.endsWith(".next.log")) return;
      conditions.die();
      conditions.requireLife();
    };
    await Promise.race([journal.sync().catch(() => {}), turns()]);
    assert.ok(conditions.dead, "it was on its way home");
    const cut = disk.powerCut();
    cut.makeFolder(folders.tailFolder);
    await using heir = await box.open({ ...folders, disk: cut, boot: "second boot" });
    await heir.sync();
    const found = (await readAll(heir)).records.map((record) => plain(record).text);
    assert.equal(found[0], "one", `seed ${seed}`);
    assert.match(found[1] ?? "", /^tw/, `seed ${seed}`);
  }
});

/** Enough of the microtask queue for whatever does not wait for a dead disk. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await null;
}

Deno.test("memory that has become shorter than it was is not taken for a whole copy", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const tailBudget = new TailBudget({ maxBytes: 64 * 1024 });
  await using journal = await box.open({ disk, tailBudget });
  refuseAppends(disk, box);
  for (let i = 0; i < 100; i++) feed(journal, `${i} ${"x".repeat(60)}\n`);
  const log = box.tailFiles().find((file) => file.endsWith(".log"));
  assert.ok(log !== undefined && journal.shelf.segments.some(({ place }) => place === "memory"));
  const path = `${box.tailFolder}/${log}`;
  const whole = Deno.readFileSync(path);
  Deno.writeFileSync(path, whole.subarray(0, 1000));
  disk.heal();
  for (let round = 0; round < 3; round++) await journal.sync();
  assert.equal(journal.inMemory, true);
  assert.ok(box.tailFiles().includes(log));
  Deno.writeFileSync(path, whole);
  await bringHome(journal);
  assert.equal((await texts(journal)).length, 100);
});

Deno.test("nothing comes home to a disk without room for the active segment and for what comes meanwhile", async () => {
  using _ = new FakeTime();
  using box = new JournalBox();
  const disk = newDisk(1);
  const { conditions } = disk;
  await using journal = await box.open({ ...folders, disk });
  await journal.sync();
  conditions.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(folders.folder)) throw new Error("refused");
  };
  feed(journal, `${"x".repeat(100_000)}\n`);
  conditions.heal();
  conditions.capacityBytes = disk.usedBytes + 150_000;
  for (let round = 0; round < 3; round++) await journal.sync();
  assert.equal(journal.inMemory, true);
  conditions.capacityBytes = disk.usedBytes + 300_000;
  for (let round = 0; round < 3; round++) await journal.sync();
  assert.equal(journal.inMemory, false);
});

Deno.test("an open record that goes on in the next segment in memory stands once on the disk, also after a kill", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const budget = { tailBudget: new TailBudget({ maxBytes: 64 * 1024 }) };
  await using dying = await box.open({ disk, ...budget });
  refuseAppends(disk, box);
  const long = "x".repeat(10_000);
  for (const text of [`${long}\n${long}\nop`, "en\nlast\n"]) feed(dying, text);
  assert.ok(dying.shelf.segments.some(({ place }) => place === "memory"), "there are two segments");
  using left = box.copy();
  await using heir = await left.open();
  await bringHome(heir);
  const expected = [long, long, "open", "last"];
  assert.deepEqual(await texts(heir), expected);
  assert.equal(left.logText(), expected.map((text) => `${headerText}${text}\n`).join(""));
});

Deno.test("what has grown on the disk since it came home is not replaced by its old copy in memory after a kill", async () => {
  let reached = true;
  let kills = 0;
  for (let last = 1; reached; last++) {
    using box = new JournalBox();
    const disk = new FailingDisk();
    await using dying = await box.open({ disk });
    refuseAppends(disk, box);
    feed(dying, "one\n");
    let isHome = false;
    let hasGrown = false;
    let calls = 0;
    const copies: JournalBox[] = [];
    disk.before = ({ what, path }) => {
      if (!path.startsWith(box.folder)) return;
      if (!isHome && what === "sync" && path.endsWith(".next.log")) {
        isHome = true;
        feed(dying, "two\nthr");
        hasGrown = true;
      }
      if (hasGrown) calls += 1;
      if (calls === last) copies.push(box.copy());
    };
    await bringHome(dying);
    assert.ok(hasGrown);
    reached = copies.length > 0;
    for (const copy of copies) {
      kills += 1;
      using left = copy;
      await using heir = await left.open();
      feed(heir, "ee\n");
      assert.deepEqual(await texts(heir), ["one", "two", "three"], `call ${last}`);
    }
  }
  assert.ok(kills > 5);
});

Deno.test("what stands on the disk and in memory when a kill comes on the way home stands once in the end", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using dying = await box.open({ disk });
  feed(dying, "one\n");
  await dying.sync();
  feed(dying, "two\n");
  refuseAppends(disk, box);
  feed(dying, "three\n");
  const copies: JournalBox[] = [];
  disk.before = ({ path }) => {
    if (path.endsWith(".next.log") && copies.length === 0) copies.push(box.copy());
  };
  await bringHome(dying);
  const [left] = copies;
  assert.ok(left !== undefined);
  using _ = left;
  assert.equal(left.rotated().length, 1);
  assert.match(textOf(left.bytes(`${left.rotated()[0]}.log`)), /one\n.*two\n/);
  await using heir = await left.open();
  await bringHome(heir);
  assert.deepEqual(await texts(heir), ["one", "two", "three"]);
  const lines = ["one", "two", "three"].map((text) => `${headerText}${text}\n`).join("");
  assert.equal(left.logText(), lines);
});

Deno.test("a round that begins while an opening brings home what is in memory does not copy it, too", async () => {
  using time = new FakeTime();
  using box = new JournalBox();
  const disk = newDisk(1);
  const dying = await box.open({ ...folders, disk });
  disk.conditions.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(folders.folder)) throw new Error("refused");
  };
  feed(dying, "one\n");
  const budget = { tailBudget: new TailBudget({ maxBytes: 64 * 1024 }) };
  for (let i = 0; i < 40; i++) feed(dying, `${"x".repeat(10_000)}\n`);
  assert.ok(dying.shelf.segments.some(({ place }) => place === "memory"));
  const killed = disk.kill();
  // Without it a new epoch begins, and the sync schedule is in a hurry.
  killed.remove(folders.statePath);
  const { conditions } = killed;
  conditions.syncs = "when told";
  let copies = 0;
  conditions.before = ({ what, path }) => {
    if (what === "open to append" && path.endsWith(".log.tmp")) copies += 1;
  };
  const clock = new HandClock();
  const opening = box.open({ ...folders, ...budget, disk: killed, clock });
  while (copies === 0) {
    conditions.completeSyncs();
    await null;
  }
  for (let round = 0; round < 3; round++) {
    await clock.advance(250);
    time.tick(250);
    await turns();
  }
  assert.equal(copies, 1);
  conditions.syncs = "at once";
  conditions.completeSyncs();
  await using journal = await opening;
  await bringHome(journal);
  assert.equal((await texts(journal)).length, 41);
});

Deno.test("a segment that memory begins in the last moment of a homecoming comes home before the active one", async () => {
  for (let turn = 0; turn < 60; turn++) {
    using _ = new FakeTime();
    using box = new JournalBox();
    const disk = newDisk(1);
    const { conditions } = disk;
    const budget = { tailBudget: new TailBudget({ maxBytes: 64 * 1024 }) };
    await using journal = await box.open({ ...folders, disk, ...budget });
    feed(journal, "one\n");
    await journal.sync();
    conditions.before = ({ what, path }) => {
      if (what === "append" && path.startsWith(folders.folder)) throw new Error("refused");
    };
    feed(journal, `${"x".repeat(20_000)}\n`);
    let fed: Promise<void> | null = null;
    let isTooEarly = false;
    conditions.before = ({ what, path }) => {
      if (path.endsWith(".next.log") && what === "open to append") {
        isTooEarly ||= journal.shelf.segments.some(({ place }) => place === "memory");
      }
      if (what !== "space") return;
      fed ??= feedLater(journal, turn);
    };
    await bringHome(journal);
    assert.equal(isTooEarly, false, `turn ${turn}`);
    assert.ok(fed !== null);
    await fed;
    assert.equal((await texts(journal)).length, 3);
  }
});

/** Feeds so many turns of the microtask queue later. */
async function feedLater(journal: Journal, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await null;
  feed(journal, "two\n");
}
