import assert from "node:assert/strict";
import { LastingMemory } from "../../src/platform/lasting_memory.ts";
import { Libc } from "../../src/platform/libc.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { program, requires, root } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

Deno.test("the next owner finds what was stored; after removal there is nothing", () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const path = folder.join("caught");
  const first = new LastingMemory(libc, path, 5000);
  assert.equal(first.lasting, true);
  first.bytes[4999] = 42;
  const second = new LastingMemory(libc, path, 5000);
  assert.equal(second.bytes[4999], 42);
  second.remove();
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  const third = new LastingMemory(libc, path, 5000);
  assert.equal(third.bytes[4999], 0);
});

Deno.test("where no file can be had it is ordinary memory", () => {
  using libc = new Libc();
  const memory = new LastingMemory(libc, "/no/such/folder/caught", 5000);
  assert.equal(memory.lasting, false);
  assert.equal(memory.bytes.length, 5000);
  memory.remove();
});

requires(root, program("mount")).test(
  "where there is no room for it, it is ordinary memory, and can be written to",
  () => {
    using disk = new MemoryFileSystem({ megabytes: 1 });
    using libc = new Libc();
    disk.fill();
    const memory = new LastingMemory(libc, disk.join("memory"), 64 * 1024);
    assert.equal(memory.lasting, false);
    memory.bytes.fill(7);
    assert.ok(memory.bytes.every((byte) => byte === 7));
  },
);
