import assert from "node:assert/strict";
import { systemRawDisk } from "../../../src/channel/raw/raw_disk.ts";
import { MemoryFileSystem } from "../../support/memory_file_system.ts";
import { program, requires, root } from "../../support/requirements.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const needs = requires(root, program("mount"));

needs.test("append() of lines that the disk takes a part of leaves none of them", async () => {
  using disk = new MemoryFileSystem({ megabytes: 1 });
  const path = disk.join("lines");
  await systemRawDisk.append(path, new TextEncoder().encode("one\n"));
  disk.fillTo(100_000);
  const tooMuch = new TextEncoder().encode(`${"x".repeat(200_000)}\n`);
  await assert.rejects(systemRawDisk.append(path, tooMuch), /No space left on device/);
  assert.equal(Deno.readTextFileSync(path), "one\n");
  disk.free();
  await systemRawDisk.append(path, tooMuch);
  assert.equal(await systemRawDisk.size(path), tooMuch.length + 4);
});

Deno.test("makeFolder() makes one folder, and no folder to make it in", async () => {
  using folder = new TemporaryFolder();
  await systemRawDisk.makeFolder(folder.join("raw"));
  await systemRawDisk.makeFolder(folder.join("raw"));
  assert.deepEqual(await systemRawDisk.list(folder.join("raw")), []);
  await assert.rejects(systemRawDisk.makeFolder(folder.join("gone", "raw")), Deno.errors.NotFound);
});
