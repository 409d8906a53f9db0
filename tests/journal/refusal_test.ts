import assert from "node:assert/strict";
import type { Fragment } from "../../src/framer/framer.ts";
import { AppendError } from "../../src/journal/append_error.ts";
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
  timeMs,
} from "../support/journal_box.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { makeDisk } from "../support/simulated_contents.ts";

const appended: Fragment[] = [
  { bytes: bytesOf("-end"), end: "line_feed" },
  { bytes: bytesOf("two"), end: "line_feed" },
  { bytes: bytesOf("thr"), end: null },
];

/** Appends `appended` behind an open "one" on a disk that `refuse` has made refuse it. */
async function refusedAppend(
  refuse: (disk: FailingDisk) => void,
  check: (journal: Journal, box: JournalBox) => void = () => {},
): Promise<void> {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "zero\none");
  refuse(disk);
  const before = textOf(box.bytes(`${name}.log`));
  assert.throws(() => journal.append(appended, timeMs), AppendError);
  check(journal, box);
  disk.heal();
  assert.equal(journal.lastSequence, 1);
  assert.equal(journal.position.openBytes, 3);
  journal.append(appended, timeMs);
  assert.deepEqual(await texts(journal), ["zero", "one-end", "two"]);
  assert.ok(textOf(box.bytes(`${name}.log`)).startsWith(before));
  using left = box.copy();
  await using again = await left.open();
  assert.deepEqual(await texts(again), ["zero", "one-end", "two"]);
  assert.equal(again.position.openBytes, 3);
  assert.deepEqual(left.complaints(), []);
}

Deno.test("an append for which the disk has room in part leaves nothing, and can be tried again", async () => {
  const logBytes = "-end\n".length + 2 * headerText.length + "two\nthr".length;
  for (let room = 0; room < logBytes + 2 * 32; room++) {
    await refusedAppend(
      (disk) => disk.freeBytes = room,
      (_journal, box) => {
        assert.equal(textOf(box.bytes(`${name}.log`)), `${headerText}zero\n${headerText}one`);
        assert.equal(box.bytes(`${name}.idx`).length, 64 + 32);
      },
    );
  }
});

Deno.test("what a refused append could not cut back is cut back before the next one", async () => {
  for (const room of [0, 3, 60, 110]) {
    await refusedAppend((disk) => {
      disk.freeBytes = room;
      disk.before = ({ what }) => {
        if (what === "truncate") throw new Error("Input/output error");
      };
    });
  }
});

Deno.test("a kill while a refused append is cut back leaves no entry without its line", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "zero\none");
  // Room for the lines and for the first of two entries.
  disk.freeBytes = "-end\n".length + 2 * headerText.length + "two\nthr".length + 32;
  const copies: JournalBox[] = [];
  disk.before = ({ what, path }) => {
    if (what === "truncate" && path.startsWith(box.folder)) copies.push(box.copy());
  };
  assert.throws(() => journal.append(appended, timeMs), AppendError);
  disk.heal();
  assert.equal(copies.length, 2);
  for (const copy of copies) {
    using left = copy;
    await using heir = await left.open();
    assert.deepEqual(await texts(heir), ["zero", "one-end", "two"]);
    assert.equal(heir.position.openBytes, 3);
    assert.deepEqual(left.complaints(), []);
  }
});

for (const ending of [".log", ".idx"]) {
  for (const how of ["by itself", "for a new epoch"]) {
    Deno.test(`a sync ${how} whose ${ending} failed is not believed later, though memory refused, too`, async () => {
      using box = new JournalBox();
      const disk = new FailingDisk();
      await using journal = await box.open({ disk });
      feed(journal, "one\n");
      const isFull = (path: string): boolean => path.startsWith(box.tailFolder);
      disk.before = ({ what, path }) => {
        if (isFull(path) || what === "sync" && path.endsWith(ending)) throw new Error("refused");
      };
      if (how === "by itself") await assert.rejects(journal.sync());
      else assert.throws(() => journal.beginEpoch(2, "a test wants it"));
      disk.before = ({ path }) => {
        if (isFull(path)) throw new Error("refused");
      };
      await assert.rejects(journal.sync());
      assert.equal(journal.syncedSequence, 0);
      disk.heal();
      assert.deepEqual(await texts(journal), ["one"]);
      while (journal.inMemory) await journal.sync();
      assert.equal(journal.durableSequence, 1);
    });
  }
}

Deno.test("what comes back to memory, refused half-way there, too, is taken whole the next time", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  const refuse = (refused: (path: string) => boolean): void => {
    disk.before = ({ what, path }) => {
      if (what === "append" && refused(path)) throw new Error("refused");
    };
  };
  refuse((path) => path.startsWith(box.folder));
  feed(journal, "one\ntw");
  let isOnItsWay = false;
  disk.before = ({ what, path }) => {
    if (isOnItsWay || what !== "sync" || !path.endsWith(".next.log")) return;
    isOnItsWay = true;
    feed(journal, "o\nthr");
    refuse((path) => path.startsWith(box.folder) || path.endsWith(".idx"));
    assert.throws(() => feed(journal, "ee\nfour\n"), AppendError);
    refuse((path) => path.startsWith(box.folder));
    feed(journal, "ee\nfour\n");
  };
  while (!isOnItsWay) await journal.sync();
  assert.deepEqual(await texts(journal), ["one", "two", "three", "four"]);
  disk.heal();
  while (journal.inMemory) await journal.sync();
  assert.deepEqual(await texts(journal), ["one", "two", "three", "four"]);
  assert.equal(
    box.logText(),
    ["one", "two", "three", "four"].map((text) => `${headerText}${text}\n`).join(""),
  );
});

const fillings: Readonly<Record<string, string>> = {
  "a rotation of records": "one\ntw",
  "a rotation of an open record alone": "on",
  "a homecoming": "one\ntw",
};

for (const [title, text] of Object.entries(fillings)) {
  for (const memoryToo of [false, true]) {
    const who = memoryToo ? "disk and memory have" : "the disk has";
    Deno.test(`closing leaves no file open when ${who} refused any call of ${title} and all behind it`, async () => {
      let reached = true;
      for (let refused = 1; reached; refused++) {
        using box = new JournalBox();
        const disk = new FailingDisk(new MemoryDisk());
        const journal = await box.open({ disk });
        const refuseFrom = (first: number): void => {
          let calls = 0;
          disk.before = ({ what, path }) => {
            const isMemory = path.startsWith(box.tailFolder);
            // Memory that is full lets go of what it has.
            const isAsked = isMemory ? memoryToo && /append/.test(what) : what !== "read";
            if (!isMemory && !path.startsWith(box.folder) || !isAsked) return;
            calls += 1;
            reached = calls >= first;
            if (reached) throw new Error("refused");
          };
        };
        const isHomecoming = title === "a homecoming";
        if (isHomecoming) {
          disk.before = ({ what, path }) => {
            if (what === "append" && path.startsWith(box.folder)) throw new Error("refused");
          };
        }
        feed(journal, text);
        refuseFrom(refused);
        try {
          if (!isHomecoming) journal.beginEpoch(journal.lastSequence + 1, "a test wants it");
        } catch {
          // Memory refused as well.
        }
        for (let round = 0; round < 2; round++) await journal.sync().catch(() => {});
        await journal.close();
        assert.equal(disk.openFiles, 0, `call ${refused}`);
      }
    });
  }
}

Deno.test("closing leaves no file open when memory took but a part of what a rotation left", async () => {
  let reached = true;
  for (let refused = 1; reached; refused++) {
    using box = new JournalBox();
    const disk = new FailingDisk(new MemoryDisk());
    const journal = await box.open({ disk, maxSegmentBytes: 60 });
    feed(journal, "one\ntw");
    let appends = 0;
    disk.before = ({ what, path }) => {
      const isMemory = path.startsWith(box.tailFolder);
      if (isMemory && what === "append") appends += 1;
      reached = appends >= refused;
      if (isMemory ? reached && what === "append" : what === "sync") throw new Error("refused");
    };
    journal.append([], timeMs);
    await journal.sync().catch(() => {});
    await journal.close();
    assert.equal(disk.openFiles, 0, `append ${refused}`);
  }
});

Deno.test("an append refused while a sync is under way that fails: both come home", async () => {
  using _ = new FakeTime();
  using box = new JournalBox();
  const disk = makeDisk(1, { folders: ["/logs", "/state", "/run/tail"], memory: ["/run/"] });
  const folders = { folder: "/logs", statePath: "/state/journal.json", tailFolder: "/run/tail" };
  await using journal = await box.open({ ...folders, disk });
  const { conditions } = disk;
  feed(journal, "one\n");
  conditions.syncs = "when told";
  const synced = journal.sync();
  while (conditions.waitingSyncs < 2) await null;
  conditions.faults = { shortAppend: 0, failedSync: 1, failedCall: 0 };
  conditions.readOnly = true;
  feed(journal, "two\n");
  conditions.syncs = "at once";
  conditions.completeSyncs();
  await synced;
  conditions.heal();
  for (let round = 0; round < 5; round++) await journal.sync();
  assert.equal(journal.inMemory, false);
  assert.deepEqual(await texts(journal), ["one", "two"]);
});

Deno.test("a rotation refused with an open record leaves nothing of it twice, also after a kill", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using dying = await box.open({ disk, maxSegmentBytes: 60 });
  feed(dying, "one\ntw");
  disk.before = ({ what, path }) => {
    if (path.startsWith(box.folder) && what === "sync") throw new Error("refused");
  };
  dying.append([], timeMs);
  await dying.sync();
  assert.equal(dying.inMemory, true);
  using left = box.copy();
  await using heir = await left.open();
  feed(heir, "o\n");
  while (heir.inMemory) await heir.sync();
  assert.deepEqual(await texts(heir), ["one", "two"]);
  assert.equal(left.logText(), `${headerText}one\n${headerText}two\n`);
});

Deno.test("what a refused append could not cut back is cut off before a rotation, too", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "zero\n");
  disk.freeBytes = 2 * (headerText.length + "one\n".length) + 32;
  disk.before = ({ what }) => {
    if (what === "truncate") throw new Error("Input/output error");
  };
  assert.throws(() => feed(journal, "one\ntwo\n"), AppendError);
  disk.heal();
  journal.beginEpoch(2, "a test wants it");
  assert.equal(textOf(box.bytes(`${box.rotated()[0]}.log`)), `${headerText}zero\n`);
  assert.equal(box.bytes(`${box.rotated()[0]}.idx`).length, 64 + 32);
  assert.deepEqual(await texts(journal), ["zero"]);
});

Deno.test("opening, refused at any call, succeeds, leaves no file open and harms nothing", async () => {
  using box = new JournalBox();
  await using dying = await box.open({ maxSegmentBytes: 60 });
  for (const text of ["one\n", "two\n", "three\nfo"]) feed(dying, text);
  let calls = 0;
  for (let reached = true; reached; calls++) {
    const k = calls + 1;
    using left = box.copy();
    const disk = new FailingDisk();
    let count = 0;
    disk.before = ({ what, path }) => {
      count += 1;
      if (count === k) throw new Error(`refused: ${what}: ${path}`);
    };
    const opened = await left.open({ disk, boot: "second boot" });
    await opened.close();
    reached = count >= k;
    assert.equal(disk.openFiles, 0, `call ${k}`);
    await using journal = await left.open({ boot: "second boot" });
    feed(journal, "ur\n");
    assert.deepEqual(await texts(journal), ["one", "two", "three", "fo", "ur"], `call ${k}`);
  }
  assert.ok(calls > 40, `only ${calls} calls`);
});
