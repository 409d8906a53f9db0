import assert from "node:assert/strict";
import type { SimulatedDisk } from "./simulated_disk.ts";
import { contents, folder, makeDisk, outcomes, syncedFile, write } from "./simulated_contents.ts";

Deno.test("what was synced, file and folder, outlives every power cut", () => {
  const seen = outcomes(
    (disk) => syncedFile(disk, "/logs/a", "one"),
    (left) => contents(left, "/logs/a"),
  );
  assert.deepEqual(seen, ["one"]);
});

Deno.test("a power cut may leave any part of an append that was not synced, and NULs", () => {
  const seen = outcomes(
    (disk) => write(syncedFile(disk, "/logs/a", "one"), "two"),
    (left) => contents(left, "/logs/a"),
  );
  for (const each of ["one", "onet", "onetw", "onetwo", "one.", "one..", "one..."]) {
    assert.ok(seen.includes(each), each);
  }
  assert.ok(seen.every((each) => /^one(two|tw|t|\.{0,3})$/.test(each)), seen.join());
});

Deno.test("a power cut may keep a later sector and lose an earlier one", () => {
  const seen = outcomes(
    (disk) => {
      const file = syncedFile(disk, "/logs/a", "");
      for (const text of ["1111", "2222", "3333"]) write(file, text);
    },
    (left) => contents(left, "/logs/a"),
    { sectorBytes: 4 },
  );
  assert.ok(seen.includes("....22223333"), seen.join());
  assert.ok(seen.includes("1111....3333"), seen.join());
});

Deno.test("a power cut may undo a truncate that was not synced", () => {
  const seen = outcomes(
    (disk) => syncedFile(disk, "/logs/a", "onetwo").truncate(3),
    (left) => contents(left, "/logs/a"),
  );
  assert.deepEqual(seen.filter((each) => !each.includes(".")), ["one", "onetwo"]);
});

Deno.test("syncing a file does not make its name last, nor syncing the folder its bytes", () => {
  const nameless = outcomes(
    (disk) => {
      const file = disk.append("/logs/a");
      write(file, "one");
      file.syncNow();
    },
    (left) => contents(left, "/logs/a"),
  );
  assert.deepEqual(nameless, ["none", "one"]);
  const empty = outcomes(
    (disk) => {
      write(disk.append("/logs/a"), "one");
      disk.syncFolderNow(folder);
    },
    (left) => contents(left, "/logs/a"),
  );
  assert.ok(empty.includes("") && empty.includes("one") && !empty.includes("none"), empty.join());
});

Deno.test("a rename that was not synced is done or not done, and never half", () => {
  const act = (disk: SimulatedDisk): void => {
    syncedFile(disk, "/logs/a", "one");
    syncedFile(disk, "/logs/b", "two");
    disk.rename("/logs/a", "/logs/b");
  };
  const observe = (left: SimulatedDisk): string =>
    `${contents(left, "/logs/a")} ${contents(left, "/logs/b")}`;
  assert.deepEqual(outcomes(act, observe), ["null one", "one two"]);
  assert.deepEqual(
    outcomes((disk) => {
      act(disk);
      disk.syncFolderNow(folder);
    }, observe),
    ["null one"],
  );
});

Deno.test("of several names that were not synced any may last, or only the first where told", () => {
  const act = (disk: SimulatedDisk): void => {
    disk.append("/logs/a");
    disk.append("/logs/b");
  };
  const observe = (left: SimulatedDisk): string => left.list(folder).join("+");
  assert.deepEqual(outcomes(act, observe), ["", "a", "a+b", "b"]);
  assert.deepEqual(outcomes(act, observe, { nameOrder: "as changed" }), ["", "a", "a+b"]);
});

Deno.test("a file that was removed may come back until its folder is synced", () => {
  const act = (disk: SimulatedDisk): void => {
    syncedFile(disk, "/logs/a", "one");
    disk.remove("/logs/a");
  };
  const observe = (left: SimulatedDisk): string | null => contents(left, "/logs/a");
  assert.deepEqual(outcomes(act, observe), ["none", "one"]);
  assert.deepEqual(
    outcomes((disk) => {
      act(disk);
      disk.syncFolderNow(folder);
    }, observe),
    ["none"],
  );
});

Deno.test("a file renamed after one power cut has one name after the next", () => {
  let disk = makeDisk();
  syncedFile(disk, "/logs/a", "one");
  disk = disk.powerCut();
  disk.rename("/logs/a", "/logs/b");
  disk.syncFolderNow(folder);
  assert.deepEqual(disk.powerCut().list(folder), ["b"]);
});

Deno.test("a folder whose parent was not synced may be gone, with all that is in it", () => {
  const seen = outcomes(
    (disk) => {
      disk.makeFolder("/logs/new");
      disk.append("/logs/new/a").syncNow();
      disk.syncFolderNow("/logs/new");
    },
    (left) => left.list(folder).join(),
  );
  assert.deepEqual(seen, ["", "new"]);
});

Deno.test("a kill leaves all that was written and closes what was open", () => {
  const disk = makeDisk();
  const file = disk.append("/logs/a");
  write(file, "one");
  assert.equal(disk.openHandles, 1);
  const left = disk.kill();
  assert.equal(contents(left, "/logs/a"), "one");
  assert.equal(left.openHandles, 0);
  assert.throws(() => file.append(new Uint8Array(1)), /the process is dead/);
  assert.throws(() => disk.list(folder), /the process is dead/);
  file.close();
  assert.equal(left.openHandles, 0);
});

Deno.test("what a kill left unsynced is still unsynced", () => {
  const seen = new Set<string | null>();
  for (let seed = 0; seed < 100; seed++) {
    const disk = makeDisk(seed);
    write(disk.append("/logs/a"), "one");
    seen.add(contents(disk.kill().powerCut(), "/logs/a"));
  }
  assert.ok(seen.has("one") && seen.has(null));
});

Deno.test("the same random numbers give the same disk after the same power cut", () => {
  const run = (): (string | null)[] => {
    const disk = makeDisk(5, { sectorBytes: 8 });
    for (const name of ["a", "b", "c"]) {
      const file = disk.append(`/logs/${name}`);
      for (let i = 0; i < 9; i++) write(file, `${name}${i},`);
    }
    const left = disk.powerCut();
    return [left.list(folder).join(), ...["a", "b", "c"].map((n) => contents(left, `/logs/${n}`))];
  };
  assert.deepEqual(run(), run());
});

Deno.test("of a failed sync a sync at once and one under way are told each, and each once", async () => {
  const disk = makeDisk();
  const file = syncedFile(disk, "/logs/a", "one");
  write(file, "two");
  disk.conditions.faults = { shortAppend: 0, failedSync: 1, failedCall: 0 };
  await assert.rejects(file.sync());
  disk.conditions.heal();
  assert.throws(() => file.syncNow(), "the other description has not been told yet");
  await file.sync();
  file.syncNow();
  assert.notEqual(contents(disk.powerCut(), "/logs/a"), "onetwo", "both claim what is not true");
});
