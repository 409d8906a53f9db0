import assert from "node:assert/strict";
import { chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import {
  IN_CREATE,
  Libc,
  O_CREAT,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  POLLIN,
} from "../../src/platform/libc.ts";
import { SystemError } from "../../src/platform/system_error.ts";
import { asNobody } from "../support/effective_user.ts";
import { requires, root } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof SystemError && error.code === code;
}

Deno.test("open(), write(), read() and close() work on a file, and a path may hold any character", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const path = folder.join("naïve ✓ 文");
  const fd = libc.open(path, O_RDWR | O_CREAT, 0o600);
  assert.equal(libc.write(fd, Uint8Array.of(1, 2, 3)), 3);
  assert.equal(libc.read(fd, new Uint8Array(10)), 0, "end of file");
  libc.close(fd);
  assert.deepEqual([...Deno.readFileSync(path)], [1, 2, 3]);
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
});

Deno.test("errors carry the call, what it was about, and the errno's name", () => {
  using libc = new Libc();
  assert.throws(() => libc.open("/no/such/file", O_RDONLY), {
    name: "SystemError",
    message: "open: /no/such/file: ENOENT",
    code: "ENOENT",
    errno: 2,
  });
  assert.throws(() => libc.open("/dev/null/x", O_RDONLY), hasCode("ENOTDIR"));
  assert.throws(() => libc.open("/", O_RDWR), hasCode("EISDIR"));
  assert.throws(() => libc.close(-1), hasCode("EBADF"));
  assert.throws(() => libc.read(-1, new Uint8Array(1)), hasCode("EBADF"));
  assert.throws(() => libc.tryLock(-1), hasCode("EBADF"));
  assert.throws(() => libc.watchFolder(-1, "/", IN_CREATE), hasCode("EBADF"));
  assert.throws(() => libc.realPath("/no/such"), hasCode("ENOENT"));
  assert.throws(() => libc.readLink("/"), hasCode("EINVAL"));
  assert.throws(() => libc.list("/no/such"), hasCode("ENOENT"));
  assert.throws(() => libc.readText("/no/such"), hasCode("ENOENT"));
  const fd = libc.open("/dev/null", O_RDONLY);
  assert.throws(() => libc.ioctl(fd, 0x802c542a, new Uint8Array(44)), hasCode("ENOTTY"));
  libc.close(fd);
});

Deno.test("an errno without a name shows its number", () => {
  assert.equal(new SystemError("open", "x", 99).message, "open: x: errno 99");
});

Deno.test("every open descriptor is closed in children", () => {
  using libc = new Libc();
  const fd = libc.open("/dev/null", O_RDONLY);
  const flags = /flags:\s*(\d+)/.exec(libc.readText(`/proc/self/fdinfo/${fd}`))?.[1] ?? "0";
  assert.equal(parseInt(flags, 8) & 0o2000000, 0o2000000);
  libc.close(fd);
});

Deno.test("read() and write() on a full or empty terminal would block, instead of waiting", () => {
  using libc = new Libc();
  const master = libc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
  assert.equal(libc.read(master, new Uint8Array(10)), "would block");
  const block = new Uint8Array(4096);
  let taken = libc.write(master, block);
  for (let i = 0; taken !== "would block" && i < 1000; i++) taken = libc.write(master, block);
  assert.equal(taken, "would block");
  libc.close(master);
});

Deno.test("tryLock() is refused while another descriptor holds the lock", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const [first, second] = [1, 2].map(() => libc.open(folder.join("lock"), O_RDWR | O_CREAT));
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(libc.tryLock(first), true);
  assert.equal(libc.tryLock(first), true, "it is mine already");
  assert.equal(libc.tryLock(second), false);
  libc.close(first);
  assert.equal(libc.tryLock(second), true);
  libc.close(second);
});

Deno.test("poll() resolves to 0 after its time, and does not block the program meanwhile", async () => {
  using libc = new Libc();
  const fd = libc.eventfd();
  const pollfds = new Uint8Array(8);
  new DataView(pollfds.buffer).setInt32(0, fd, true);
  new DataView(pollfds.buffer).setInt16(4, POLLIN, true);
  let turns = 0;
  const interval = setInterval(() => turns += 1, 1);
  assert.equal(await libc.poll(pollfds, 100), 0);
  clearInterval(interval);
  assert.ok(turns > 5, `${turns} turns`);
  libc.write(fd, new Uint8Array(new BigUint64Array([5n]).buffer));
  assert.equal(await libc.poll(pollfds, 10_000), 1);
  assert.equal(new DataView(pollfds.buffer).getInt16(6, true), POLLIN);
  const counter = new BigUint64Array(1);
  assert.equal(libc.read(fd, new Uint8Array(counter.buffer)), 8);
  assert.equal(counter[0], 5n);
  libc.close(fd);
});

Deno.test("list() and readLink() and realPath() tell what a folder and its links hold", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const names = ["a", "b c", "ñ", ".hidden", "x".repeat(255)];
  for (const name of names) writeFileSync(folder.join(name), "");
  assert.deepEqual(libc.list(folder.path).sort(), [...names].sort());
  mkdirSync(folder.join("empty"));
  assert.deepEqual(libc.list(folder.join("empty")), []);
  symlinkSync("../a", folder.join("empty/link"));
  assert.equal(libc.readLink(folder.join("empty/link")), "../a");
  assert.equal(libc.realPath(folder.join("empty/link")), Deno.realPathSync(folder.join("a")));
});

Deno.test("readText() reads what has no length of its own, such as files below /proc", () => {
  using libc = new Libc();
  assert.equal(libc.readText("/proc/self/comm"), Deno.readTextFileSync("/proc/self/comm"));
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("large"), "x".repeat(10_000));
  assert.equal(libc.readText(folder.join("large")).length, 4096);
  assert.equal(libc.readText(folder.join("large"), 20_000).length, 10_000);
});

Deno.test("readText() reads on where a file below /proc comes in parts", () => {
  using libc = new Libc();
  // The kernel hands out a page at a time.
  const maps = libc.readText("/proc/self/smaps", 1_000_000);
  assert.ok(maps.length > 8192, `${maps.length}`);
});

Deno.test("a watched folder makes its descriptor readable when an entry is made, not before", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const fd = libc.inotify();
  libc.watchFolder(fd, folder.path, IN_CREATE);
  assert.equal(libc.read(fd, new Uint8Array(4096)), "would block");
  writeFileSync(folder.join("a"), "");
  const count = libc.read(fd, new Uint8Array(4096));
  assert.ok(count !== "would block" && count > 0);
  libc.close(fd);
});

const { test: asRoot } = requires(root);

asRoot("groupOf() tells the group that a file belongs to, through links", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("device"), "");
  symlinkSync("device", folder.join("link"));
  for (const gid of [0, 20, 61_234]) {
    chownSync(folder.join("device"), 0, gid);
    assert.equal(libc.groupOf(folder.join("link")), gid);
  }
  assert.throws(() => libc.groupOf(folder.join("missing")), hasCode("ENOENT"));
});

Deno.test("ownershipOf() tells what stat(2) tells, of devices their numbers, too", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("file"), "", { mode: 0o640 });
  for (const path of [folder.path, folder.join("file"), "/dev/null"]) {
    const { uid, gid, mode, rdev } = statSync(path);
    const found = libc.ownershipOf(path);
    assert.deepEqual([found?.uid, found?.gid, found?.mode], [uid, gid, mode], path);
    if (path === "/dev/null") {
      assert.equal(((found?.device.major ?? 0) << 8) + (found?.device.minor ?? 0), rdev);
    }
  }
});

asRoot("what permissions forbid is EACCES", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("secret"), "", { mode: 0o600 });
  assert.throws(() => asNobody(() => libc.list(folder.path)), hasCode("EACCES"));
  assert.throws(
    () => asNobody(() => libc.open(folder.join("secret"), O_RDONLY)),
    hasCode("EACCES"),
  );
});

asRoot("mayUse() tells whether a file could be opened to read and write", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  Deno.chmodSync(folder.path, 0o755);
  const path = folder.join("file");
  assert.equal(libc.mayUse(path), false);
  for (const [mode, may] of [[0o666, true], [0o664, false], [0o662, false]] as const) {
    writeFileSync(path, "");
    chownSync(path, 0, 61_234);
    Deno.chmodSync(path, mode);
    assert.equal(asNobody(() => libc.mayUse(path)), may, mode.toString(8));
  }
});
