import assert from "node:assert/strict";
import { chmodSync, chownSync } from "node:fs";
import { DoctorBox, lineOf } from "../support/doctor_box.ts";
import { requires, root } from "../support/requirements.ts";

const { test: asRoot } = requires(root);
const mb = 1024 * 1024;

/** A box that keeps its files in /data. */
class DataBox extends DoctorBox {
  constructor({ minFreeMb = 1 } = {}) {
    super();
    for (const folder of ["/data/log", "/data/state"]) this.folder(folder);
    this.keepRecordsIn("/data/log", minFreeMb);
  }

  keepRecordsIn(base_path: string, min_free_mb = 1): void {
    const journal = { state_path: "/data/state", min_free_mb };
    this.configure([], { logging: { base_path }, journal });
  }
}

function installed(): DataBox {
  const box = new DataBox();
  box.install();
  return box;
}

async function lines(box: DoctorBox, folder: string): Promise<string[]> {
  return (await box.findings(folder)).map(lineOf);
}

function withRoom(box: DoctorBox, freeBytes: number): void {
  const space = (): Promise<{ totalBytes: number; freeBytes: number }> =>
    Promise.resolve({ totalBytes: 100_000 * mb, freeBytes });
  box.machine = { ...box.machine, disk: { space } };
}

asRoot(
  "doctor: a folder that the service's user may not write is an error, also one above it",
  async () => {
    using box = installed();
    withRoom(box, 50_000 * mb);
    assert.deepEqual(await lines(box, "/data/log"), ["ok /data/log: 50000 MB free"]);
    chownSync(box.path("/data/log"), 0, 0);
    assert.deepEqual(await lines(box, "/data/log"), [
      "error /data/log: the user nectarcollector may not write it because /data/log belongs to " +
      "root:root, with mode 755 → sudo nectarcollector install",
    ]);
    chmodSync(box.path("/data"), 0o700);
    assert.deepEqual(await lines(box, "/data/log"), [
      "error /data/log: the user nectarcollector may not write it because /data belongs to " +
      "root:root, with mode 700 → sudo chmod o+x /data",
    ]);
  },
);

asRoot("doctor: files that another user has left in a folder are named", async () => {
  using box = installed();
  box.put("/data/log/1429010002-A1.log", "");
  assert.deepEqual(await lines(box, "/data/log"), [
    "error /data/log: the user nectarcollector may not write 1 of the files in it: " +
    "1429010002-A1.log because it was run by hand as another user, as with sudo " +
    "→ sudo nectarcollector install",
  ]);
});

asRoot(
  "doctor: a folder that is not there yet is the service's to make, where it may",
  async () => {
    using box = installed();
    withRoom(box, 50_000 * mb);
    box.keepRecordsIn("/data/state/log");
    assert.deepEqual(await lines(box, "/data/state/log"), ["ok /data/state/log: 50000 MB free"]);
    box.keepRecordsIn("/data/log2");
    assert.match(
      (await lines(box, "/data/log2"))[0] ?? "",
      /may not write it because \/data belongs/,
    );
  },
);

Deno.test("doctor: a disk that is read-only, or is none, is an error", async () => {
  using box = new DataBox();
  withRoom(box, 50_000 * mb);
  box.put("/proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /data ext4 ro,relatime 0 0\n");
  assert.deepEqual(await lines(box, "/data/log"), [
    "error /data/log: its file system, /data, is mounted read-only because the kernel does that to " +
    "a disk that fails: dmesg tells → sudo mount -o remount,rw /data",
  ]);
  box.put("/proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\ntmpfs /data tmpfs rw 0 0\n");
  assert.match((await lines(box, "/data/log"))[0] ?? "", /^error .*: it is in memory: \/data is a/);
  box.put("/proc/self/mounts", "tmpfs / tmpfs rw 0 0\n/dev/sdb1 /data ext4 rw 0 0\n");
  assert.deepEqual(await lines(box, "/data/log"), ["ok /data/log: 50000 MB free"]);
});

Deno.test("doctor: a disk that fills up is told before the floor, and at it", async () => {
  using box = new DataBox({ minFreeMb: 500 });
  box.put("/proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /data ext4 rw 0 0\n");
  withRoom(box, 999 * mb);
  assert.deepEqual(await lines(box, "/data/"), [
    "warning /data/log: 999 MB free, where 500 MB are to be left because it is nearly full " +
    "→ see what takes it: sudo du -xhd2 /data | sort -h | tail",
    "ok /data/state: 999 MB free",
  ]);
  withRoom(box, 5 * mb);
  assert.deepEqual((await box.findings("/data/")).map(({ level, cause }) => `${level} ${cause}`), [
    "error the oldest delivered records are deleted, and new ones wait in memory",
    "error how far records are delivered cannot be saved",
  ]);
});

Deno.test("doctor: a folder that the unit hides from the service is an error", async () => {
  using box = installed();
  box.keepRecordsIn("/home/tech/records");
  const [first] = await box.findings("/home/tech/records");
  assert.equal(first?.message, "the service sees another /home than you do");
});
