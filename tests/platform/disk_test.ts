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
  systemDisk.syncFolder(folder.join("a", "b"));
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
