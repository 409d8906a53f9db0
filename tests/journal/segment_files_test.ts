// What is removed leaves no log without its index, whenever the power goes.

import assert from "node:assert/strict";
import { SegmentFiles } from "../../src/journal/segment_files.ts";
import { sweepComing } from "../../src/journal/rotation.ts";
import { folder, makeDisk, syncedFile } from "../support/simulated_contents.ts";
import type { SimulatedDisk } from "../support/simulated_disk.ts";

/** Removes on many disks, and asserts that each that has a log of these has an index, too. */
function assertIndexOutlivesLog(remove: (disk: SimulatedDisk) => void): void {
  const seen = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const disk = makeDisk(seed);
    remove(disk);
    const endings = disk.powerCut().list(folder).map((file) => file.slice(-4));
    seen.add(endings.join());
    assert.ok(!endings.includes(".log") || endings.includes(".idx"), `seed ${seed}: ${endings}`);
  }
  assert.ok(seen.size > 1, "the power cut made a difference");
}

Deno.test("a power cut after a half-named segment was removed leaves no log without its index", () => {
  assertIndexOutlivesLog((disk) => {
    for (const ending of [".log", ".idx"]) syncedFile(disk, `${folder}/old${ending}`, "x").close();
    const files = new SegmentFiles(disk, `${folder}/old`);
    disk.conditions.before = ({ what, path }) => {
      if (what === "rename" && path.endsWith(".idx")) throw new Error("refused");
    };
    assert.throws(() => files.moveTo(`${folder}/new`));
    disk.conditions.heal();
    disk.syncFolderNow(folder);
    files.remove();
    assert.deepEqual(disk.list(folder), []);
  });
});

Deno.test("a power cut after a coming segment was swept leaves no log without its index", () => {
  assertIndexOutlivesLog((disk) => {
    for (const ending of [".log", ".idx"]) {
      syncedFile(disk, `${folder}/a.next${ending}`, "x").close();
    }
    sweepComing(disk, folder, "a");
    assert.deepEqual(disk.list(folder), []);
  });
});
