import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { MemoryFileSystem } from "./memory_file_system.ts";
import { mount, program, requires, root } from "./requirements.ts";

const megabyte = 1024 * 1024;
const able = requires(root, program("mount"), program("umount"));

able.test("a memory file system is as large as asked for, and gone afterwards", () => {
  let path: string;
  {
    using disk = new MemoryFileSystem({ megabytes: 2 });
    path = disk.path;
    assert.ok(mount(path).isMet());
    assert.equal(disk.totalBytes, 2 * megabyte);
    writeFileSync(disk.join("file"), "text");
    assert.equal(readFileSync(disk.join("file"), "utf8"), "text");
  }
  assert.ok(!mount(path).isMet());
  assert.ok(!existsSync(path));
});

able.test("a full one refuses, takes again when freed, and the other files stay", () => {
  using disk = new MemoryFileSystem({ megabytes: 1 });
  writeFileSync(disk.join("before"), "x");
  disk.fill();
  assert.equal(disk.freeBytes, 0);
  assert.throws(() => writeFileSync(disk.join("refused"), "x"), { code: "ENOSPC" });
  disk.free();
  assert.equal(disk.freeBytes, megabyte - 4096);
  writeFileSync(disk.join("taken"), "x");
  assert.equal(readFileSync(disk.join("before"), "utf8"), "x");
});

able.test("fillTo() leaves what it is told, from above and from below", () => {
  using disk = new MemoryFileSystem({ megabytes: 4 });
  for (const free of [3 * megabyte, megabyte, 2 * megabyte, 4096, 0, 4 * megabyte]) {
    disk.fillTo(free);
    assert.equal(disk.freeBytes, free);
  }
  disk.fillTo(5000);
  assert.equal(disk.freeBytes, 8192);
});

able.test("fillTo() says when others have taken too much", () => {
  using disk = new MemoryFileSystem({ megabytes: 2 });
  writeFileSync(disk.join("other"), new Uint8Array(megabyte));
  disk.fill();
  assert.throws(() => disk.fillTo(1.5 * megabyte), /leave 1572864 bytes free.*there are 1048576/);
});

able.test("it goes away with an open file in it, and when its test throws", () => {
  const paths: string[] = [];
  let fd = -1;
  assert.throws(() => {
    using disk = new MemoryFileSystem({ megabytes: 1 });
    paths.push(disk.path);
    fd = openSync(disk.join("open"), "w");
    mkdirSync(disk.join("folder"));
    throw new Error("the test failed");
  }, /the test failed/);
  writeSync(fd, "still there");
  closeSync(fd);
  assert.ok(paths.every((path) => !existsSync(path)));
});

able.test("what a killed process left mounted is unmounted by the next", async () => {
  const module = new URL("./memory_file_system.ts", import.meta.url).href;
  const script = `
    import { MemoryFileSystem } from ${JSON.stringify(module)};
    console.log(new MemoryFileSystem({ megabytes: 1 }).path);
    Deno.kill(Deno.pid, "SIGKILL");
  `;
  const folder = Deno.makeTempDirSync();
  try {
    writeFileSync(`${folder}/orphan.ts`, script);
    const { stdout, signal } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-lock", `${folder}/orphan.ts`],
    }).output();
    assert.equal(signal, "SIGKILL");
    const path = new TextDecoder().decode(stdout).trim();
    assert.ok(mount(path).isMet());
    using _disk = new MemoryFileSystem({ megabytes: 1 });
    assert.ok(!mount(path).isMet());
    assert.ok(!existsSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
