import assert from "node:assert/strict";
import { appendAll } from "../../src/platform/disk.ts";
import { bytesOf } from "./journal_box.ts";
import { contents, folder, makeDisk, outcomes, syncedFile, write } from "./simulated_contents.ts";

Deno.test("a sync covers what was written before the call, and is done when told", async () => {
  const seen = new Set<string | null>();
  for (let seed = 0; seed < 100; seed++) {
    const disk = makeDisk(seed);
    const file = syncedFile(disk, "/logs/a", "");
    disk.conditions.syncs = "when told";
    write(file, "one");
    let done = false;
    const syncing = file.sync().then(() => done = true);
    write(file, "two");
    await Promise.resolve();
    assert.equal(done, false);
    assert.equal(disk.conditions.waitingSyncs, 1);
    disk.conditions.completeSyncs();
    await syncing;
    const left = contents(disk.powerCut(), "/logs/a") ?? "none";
    assert.ok(left.startsWith("one"), left);
    seen.add(left);
  }
  assert.ok(seen.has("one") && seen.has("onetwo"));
});

Deno.test("a power cut in the middle of a sync leaves any part of what it would cover", async () => {
  const seen = new Set<string | null>();
  for (let seed = 0; seed < 100; seed++) {
    const disk = makeDisk(seed);
    const file = syncedFile(disk, "/logs/a", "one");
    disk.conditions.syncs = "when told";
    write(file, "two");
    const syncing = Promise.all([file.sync(), disk.syncFolder(folder)]);
    seen.add(contents(disk.powerCut(), "/logs/a"));
    await assert.rejects(syncing, /the process is dead/);
  }
  assert.ok(seen.has("one") && seen.has("onetwo"));
});

Deno.test("a sync takes a while when it is to be done soon, and ends by itself", async () => {
  const disk = makeDisk();
  disk.conditions.syncs = "soon";
  const file = syncedFile(disk, "/logs/a", "");
  const order: string[] = [];
  const syncs = Array.from({ length: 20 }, async (_, i) => {
    write(file, "x");
    await file.sync();
    order.push(`${i}`);
  });
  await Promise.all(syncs);
  assert.notDeepEqual(order, order.toSorted((a, b) => Number(a) - Number(b)));
  assert.equal(contents(disk.powerCut(), "/logs/a"), "x".repeat(20));
});

Deno.test("what a failed sync lost is read until the power cut, and no later sync saves it", () => {
  const seen = outcomes(
    (disk) => {
      const file = syncedFile(disk, "/logs/a", "one.");
      write(file, "two.");
      disk.conditions.faults = { shortAppend: 0, failedCall: 0, failedSync: 1 };
      assert.throws(() => file.syncNow(), /Input\/output error/);
      disk.conditions.heal();
      file.syncNow();
      assert.equal(contents(disk, "/logs/a"), "one.two.");
    },
    (left) => contents(left, "/logs/a"),
    { sectorBytes: 4 },
  );
  assert.ok(seen.includes("one."), seen.join());
});

Deno.test("what a failed sync lost is saved where its sector is written to again", () => {
  const behind = (more: string): string[] =>
    outcomes(
      (disk) => {
        const file = syncedFile(disk, "/logs/a", "one.");
        write(file, "tw");
        disk.conditions.before = ({ what }) => {
          if (what === "sync") throw new Error("refused");
        };
        assert.throws(() => file.syncNow(), /refused/);
        disk.conditions.heal();
        write(file, more);
        file.syncNow();
      },
      (left) => contents(left, "/logs/a"),
      { sectorBytes: 4 },
    );
  assert.deepEqual(behind("o."), ["one.two."]);
});

Deno.test("room ends in the middle of an append, and comes back with the last link to a file", async () => {
  const disk = makeDisk();
  disk.conditions.capacityBytes = 10;
  const file = disk.append("/logs/a");
  assert.equal(file.append(bytesOf("12345678")), 8);
  assert.equal(file.append(bytesOf("abcd")), 2);
  assert.throws(() => file.append(bytesOf("e")), { code: "ENOSPC" });
  assert.deepEqual(await disk.space(folder), { totalBytes: 10, freeBytes: 0 });
  file.truncate(4);
  assert.deepEqual(await disk.space(folder), { totalBytes: 10, freeBytes: 6 });
  disk.remove("/logs/a");
  assert.equal((await disk.space(folder)).freeBytes, 6);
  file.close();
  assert.equal((await disk.space(folder)).freeBytes, 10);
});

Deno.test("a disk that turned read-only refuses every change and reads on", () => {
  const disk = makeDisk();
  const file = syncedFile(disk, "/logs/a", "one");
  disk.conditions.readOnly = true;
  const changes = [
    () => disk.append("/logs/a"),
    () => disk.append("/logs/b"),
    () => file.append(bytesOf("two")),
    () => file.truncate(0),
    () => disk.makeFolder("/logs/c"),
    () => disk.rename("/logs/a", "/logs/d"),
    () => disk.remove("/logs/a"),
  ];
  for (const change of changes) assert.throws(change, { code: "EROFS" });
  disk.makeFolder(folder);
  assert.equal(contents(disk, "/logs/a"), "one");
  assert.deepEqual(disk.list(folder), ["a"]);
});

Deno.test("every call can be refused by a hook, and fails by itself as often as told", () => {
  const disk = makeDisk();
  const seen: string[] = [];
  disk.conditions.before = ({ what, path }) => void seen.push(`${what} ${path}`);
  const file = syncedFile(disk, "/logs/a", "one");
  file.isAt("/logs/a");
  file.readNow(new Uint8Array(1), 0);
  file.close();
  assert.deepEqual(seen, [
    "open to append /logs/a",
    "append /logs/a",
    "sync /logs/a",
    "sync folder /logs",
    "size /logs/a",
    "read /logs/a",
  ]);
  disk.conditions.heal();
  disk.conditions.faults = { shortAppend: 0, failedSync: 0, failedCall: 0.5 };
  let failed = 0;
  for (let i = 0; i < 100; i++) {
    try {
      disk.list(folder);
    } catch {
      failed += 1;
    }
  }
  assert.ok(failed > 20 && failed < 80, `${failed}`);
});

Deno.test("files in memory outlive a kill, vanish with the power and never fail", () => {
  const disk = makeDisk(1, { memory: ["/run/"], folders: [folder, "/run/tail"] });
  disk.conditions.faults = { shortAppend: 1, failedSync: 1, failedCall: 1 };
  disk.conditions.readOnly = true;
  disk.conditions.capacityBytes = 0;
  const file = disk.append("/run/tail/a");
  write(file, "one");
  file.syncNow();
  disk.conditions.heal();
  assert.throws(() => disk.rename("/run/tail/a", "/logs/a"), { code: "EXDEV" });
  const killed = disk.kill();
  assert.equal(contents(killed, "/run/tail/a"), "one");
  const left = killed.powerCut();
  assert.deepEqual(left.list("/run"), []);
  assert.deepEqual(left.list(folder), []);
});

Deno.test("a full memory refuses appends", () => {
  const disk = makeDisk(1, { memory: ["/run/"] });
  disk.conditions.memoryCapacityBytes = 3;
  const file = disk.append("/run/a");
  assert.throws(() => appendAll(file, bytesOf("1234")), { code: "ENOSPC" });
  assert.equal(contents(disk, "/run/a"), "123");
});

Deno.test("an append that the disk cuts short takes a prefix, and the next one nothing", () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = makeDisk(seed);
    const file = disk.append("/logs/a");
    disk.conditions.faults = { shortAppend: 1, failedCall: 0, failedSync: 0 };
    assert.throws(() => appendAll(file, bytesOf("one two")), { code: "ENOSPC" });
    disk.conditions.heal();
    const taken = contents(disk, "/logs/a") ?? "none";
    assert.ok("one two".startsWith(taken) && taken !== "one two", taken);
    write(file, "three");
    assert.equal(contents(disk, "/logs/a"), `${taken}three`);
  }
});
