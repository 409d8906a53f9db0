import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { type Cursor, CursorFile } from "../../src/delivery/cursor.ts";
import { type Disk, systemDisk } from "../../src/platform/disk.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const channel = "1429010002-A1";
const cursor: Cursor = {
  created: "2025-12-03T15:04:05.123456789Z",
  next: 43,
  stream: "cdr",
  searched: 99,
  stored: { sequence: 98, messageId: `${channel}/${"0".repeat(32)}/42` },
  epoch: "e".repeat(32),
};

Deno.test("what was saved is there again, for every channel", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("cursors.json");
  const file = new CursorFile(systemDisk, path);
  assert.equal(file.get(channel), undefined);
  file.set(channel, cursor);
  file.set("1429010002-B1", { ...cursor, stored: null });
  assert.equal(existsSync(path), false, "nothing is written before save()");
  await file.save();
  const again = new CursorFile(systemDisk, path);
  assert.deepEqual(again.get(channel), cursor);
  assert.deepEqual(again.get("1429010002-B1"), { ...cursor, stored: null });
});

Deno.test("a file that is garbage, torn or of another shape counts as lost, and is replaced", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("cursors.json");
  const torn = JSON.stringify({ [channel]: cursor }).slice(0, -5);
  const wrong = [
    "",
    torn,
    "null",
    "[]",
    "7",
    '{"1429010002-A1": 7}',
    JSON.stringify({ [channel]: { ...cursor, next: 0 } }),
    JSON.stringify({ [channel]: { ...cursor, next: 1.5 } }),
    JSON.stringify({ [channel]: { ...cursor, stored: "yes" } }),
  ];
  for (const text of wrong) {
    writeFileSync(path, text);
    const file = new CursorFile(systemDisk, path);
    assert.equal(file.get(channel), undefined, text);
    file.set(channel, cursor);
    await file.save();
    assert.deepEqual(new CursorFile(systemDisk, path).get(channel), cursor, text);
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    writeFileSync(path, bytes);
    assert.equal(new CursorFile(systemDisk, path).get(channel), undefined);
  }));
});

Deno.test("save() writes only what has changed", async () => {
  using folder = new TemporaryFolder();
  let renames = 0;
  const disk: Disk = {
    ...systemDisk,
    rename(from, to) {
      renames += 1;
      systemDisk.rename(from, to);
    },
  };
  const file = new CursorFile(disk, folder.join("cursors.json"));
  await file.save();
  assert.equal(renames, 0);
  file.set(channel, cursor);
  await file.save();
  file.set(channel, { ...cursor });
  await file.save();
  assert.equal(renames, 1);
});

Deno.test("a disk that refuses leaves the old file, and the next save() makes up for it", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("cursors.json");
  let full = false;
  const disk: Disk = {
    ...systemDisk,
    rename(from, to) {
      if (full) throw new Error("no space left");
      systemDisk.rename(from, to);
    },
  };
  const file = new CursorFile(disk, path);
  file.set(channel, cursor);
  await file.save();
  const before = readFileSync(path, "utf8");
  full = true;
  file.set(channel, { ...cursor, next: 50 });
  await assert.rejects(file.save(), { message: "no space left" });
  assert.equal(readFileSync(path, "utf8"), before);
  full = false;
  await file.save();
  assert.equal(new CursorFile(disk, path).get(channel)?.next, 50);
});
