import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { appendAll, type AppendFile, systemDisk } from "../../src/platform/disk.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("an appended file grows at its end, even after truncate()", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("file");
  writeFileSync(path, "one");
  const file = systemDisk.append(path);
  appendAll(file, bytesOf(" two"));
  file.truncate(4);
  appendAll(file, bytesOf("three"));
  file.syncNow();
  await file.sync();
  file.close();
  assert.equal(readFileSync(path, "utf8"), "one three");
  assert.equal(systemDisk.size(path), 9);
});

Deno.test("a read gives what is there at any place, less only at the end", async () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("file"), "0123456789");
  const file = systemDisk.read(folder.join("file"));
  const buffer = new Uint8Array(4);
  for (
    const [offset, expected] of [[3, "3456"], [8, "89"], [10, ""], [99, ""], [0, "0123"]] as const
  ) {
    for (const count of [file.readNow(buffer, offset), await file.read(buffer, offset)]) {
      assert.equal(new TextDecoder().decode(buffer.subarray(0, count)), expected);
    }
  }
  assert.equal(file.size(), 10);
  file.close();
});

Deno.test("a file that is not there has no size and cannot be read", () => {
  using folder = new TemporaryFolder();
  assert.equal(systemDisk.size(folder.join("none")), null);
  assert.equal(systemDisk.size(folder.join("no", "folder")), null);
  assert.throws(() => systemDisk.read(folder.join("none")), Deno.errors.NotFound);
});

Deno.test("folders are made with those above, listed in order and synced", () => {
  using folder = new TemporaryFolder();
  systemDisk.makeFolder(folder.join("a", "b"));
  systemDisk.makeFolder(folder.join("a", "b"));
  for (const name of ["z", "a", "m"]) writeFileSync(folder.join("a", "b", name), "");
  systemDisk.rename(folder.join("a", "b", "a"), folder.join("a", "b", "q"));
  systemDisk.remove(folder.join("a", "b", "m"));
  systemDisk.syncFolderNow(folder.join("a", "b"));
  assert.deepEqual(systemDisk.list(folder.join("a", "b")), ["q", "z"]);
});

Deno.test("files of the journal are not for everybody's eyes", () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.join("above"));
  systemDisk.makeFolder(folder.join("logs"));
  systemDisk.append(folder.join("logs", "file")).close();
  assert.equal((Deno.statSync(folder.join("logs")).mode ?? 0) & 0o007, 0);
  assert.equal((Deno.statSync(folder.join("logs", "file")).mode ?? 0) & 0o007, 0);
});

Deno.test("appendAll() goes on after a short write, and gives up when nothing is taken", () => {
  const taken: number[] = [];
  let most = 3;
  const file: AppendFile = {
    append(bytes) {
      const part = bytes.subarray(0, most);
      taken.push(...part);
      return part.length;
    },
    readNow: () => 0,
    isAt: () => true,
    sync: () => Promise.resolve(),
    syncNow: () => {},
    truncate: () => {},
    close: () => {},
  };
  appendAll(file, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assert.deepEqual(taken, [1, 2, 3, 4, 5, 6, 7]);
  most = 0;
  assert.throws(() => appendAll(file, Uint8Array.of(8)), /took 0 of 1 bytes/);
  appendAll(file, new Uint8Array(0));
});

Deno.test("a file is read back through the descriptor it is written with, also without a name", () => {
  using folder = new TemporaryFolder();
  const file = systemDisk.append(folder.join("file"));
  appendAll(file, new TextEncoder().encode("0123"));
  systemDisk.remove(folder.join("file"));
  appendAll(file, new TextEncoder().encode("456"));
  const buffer = new Uint8Array(10);
  assert.equal(file.readNow(buffer, 2), 5);
  assert.equal(new TextDecoder().decode(buffer.subarray(0, 5)), "23456");
  file.close();
});

Deno.test("isAt() tells a file from one that took its name", () => {
  using folder = new TemporaryFolder();
  const path = folder.join("file");
  const file = systemDisk.append(path);
  assert.equal(file.isAt(path), true);
  systemDisk.rename(path, folder.join("moved"));
  assert.equal(file.isAt(path), false);
  assert.equal(file.isAt(folder.join("moved")), true);
  writeFileSync(path, "another");
  assert.equal(file.isAt(path), false);
  file.close();
});

Deno.test("space() tells what df tells", async () => {
  using folder = new TemporaryFolder();
  const { totalBytes, freeBytes } = await systemDisk.space(folder.path);
  const { stdout } = await new Deno.Command("df", {
    args: ["-B1", "--output=size,avail", folder.path],
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const [size, available = NaN] = (lines.at(-1) ?? "").trim().split(/\s+/).map(Number);
  assert.equal(totalBytes, size);
  assert.ok(Math.abs(freeBytes - available) < 0.1 * totalBytes, `${freeBytes}, df ${available}`);
});
