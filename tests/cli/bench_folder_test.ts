import assert from "node:assert/strict";
import { existsSync, symlinkSync } from "node:fs";
import { BenchFolder } from "../../src/cli/bench_folder.ts";
import { FolderInUse } from "../../src/platform/instance_lock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

Deno.test("a bench's folder is made with those above it, and all of them go again", () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const path = folder.join("a", "b");
  {
    using _bench = new BenchFolder({ libc, folder: path, names: [] });
    assert.ok(existsSync(path));
  }
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a folder that was there, or in which somebody has put a file, stays", () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  new BenchFolder({ libc, folder: folder.path, names: [] })[Symbol.dispose]();
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  const path = folder.join("bench");
  {
    using _bench = new BenchFolder({ libc, folder: path, names: [] });
    Deno.writeTextFileSync(`${path}/notes`, "mine");
  }
  assert.deepEqual([...Deno.readDirSync(path)].map(({ name }) => name), ["notes"]);
});

Deno.test("a second bench cannot have the folder while the first has it", () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const options = { libc, folder: folder.path, names: [] };
  {
    using _first = new BenchFolder(options);
    assert.throws(() => new BenchFolder(options), FolderInUse);
  }
  new BenchFolder(options)[Symbol.dispose]();
});

Deno.test("names are refused that are taken by anything but a simulated port", () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const [file, real, stale] = ["file", "real", "stale"].map((name) => folder.join(name));
  assert.ok(file !== undefined && real !== undefined && stale !== undefined);
  Deno.writeTextFileSync(file, "");
  symlinkSync("/dev/ttyS0", real);
  symlinkSync("/dev/pts/12345", stale);
  const bench = (name: string): BenchFolder =>
    new BenchFolder({ libc, folder: folder.path, names: [name] });
  for (const name of [file, real]) {
    assert.throws(
      () => bench(name),
      /is there already, and is no simulated port; give another name/,
    );
  }
  bench(stale)[Symbol.dispose]();
});
