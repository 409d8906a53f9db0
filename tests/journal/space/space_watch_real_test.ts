// The watch over a file system that really fills up, and the plan that holds its floor.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { spaceLimits } from "../../../src/journal/space/space_limits.ts";
import { planSpace, type SpaceSegment } from "../../../src/journal/space/space_plan.ts";
import type { SpaceStatus } from "../../../src/journal/space/space_status.ts";
import { SpaceWatch } from "../../../src/journal/space/space_watch.ts";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import { systemDisk } from "../../../src/platform/disk.ts";
import type { Notice } from "../../../src/platform/notice.ts";
import { MemoryFileSystem } from "../../support/memory_file_system.ts";
import { program, requires, root } from "../../support/requirements.ts";
import { waitFor, waitForValue } from "../../support/wait_for.ts";

const megabyte = 1024 * 1024;
const able = requires(root, program("mount"), program("umount"));

/** The machine's clock, but who waits for it waits a twentieth of the time. */
const hastyClock: Clock = {
  ...systemClock,
  delay: (ms, signal) => systemClock.delay(ms / 20, signal),
};

/** A started watch over a real disk, with the limits that it has when nothing is configured. */
class Watched implements AsyncDisposable {
  readonly notices: Notice[] = [];
  readonly floor: boolean[] = [];
  readonly watch: SpaceWatch;

  constructor(disk: MemoryFileSystem, onLook: (status: SpaceStatus) => void = () => {}) {
    const settings = { memory_tail_mb: 24 };
    this.watch = new SpaceWatch({
      path: disk.path,
      floorBytes: (totalBytes) => spaceLimits(settings, totalBytes).floorBytes,
      journalBytes: () => 0,
      disk: systemDisk,
      clock: hastyClock,
      report: (notice) => this.notices.push(notice),
      onFloor: (belowFloor) => this.floor.push(belowFloor),
      onLook,
    });
    this.watch.start();
  }

  async told(kind: string): Promise<void> {
    const { notices } = this;
    const kinds = (): string[] => notices.map((notice) => notice.kind);
    await waitForValue(`the notice ${kind}`, kinds, (all) => all.at(-1) === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch.stop();
  }
}

/** Another process writes a file of so many bytes, or as much of it as there is room for. */
async function anotherWrites(path: string, bytes: number): Promise<void> {
  await new Deno.Command("dd", {
    args: ["if=/dev/zero", `of=${path}`, "bs=64K", "iflag=count_bytes", `count=${bytes}`],
    stdout: "null",
    stderr: "null",
  }).output();
}

able.test("another writer takes a disk below its floor and gives it back: both are noticed", async () => {
  using disk = new MemoryFileSystem({ megabytes: 8 });
  await using watched = new Watched(disk);
  const { watch, floor } = watched;
  await waitFor("the first look", () => watch.status.freeBytes === 8 * megabyte);
  assert.equal(watch.status.floorBytes, 2 * megabyte);
  await anotherWrites(disk.join("other"), 5 * megabyte);
  await watched.told("disk_low");
  assert.deepEqual(floor, []);
  await anotherWrites(disk.join("another"), 99 * megabyte);
  await watched.told("disk_below_floor");
  await waitFor("a look at the full disk", () => watch.status.freeBytes === 0);
  assert.deepEqual(floor, [true]);
  rmSync(disk.join("another"));
  rmSync(disk.join("other"));
  await watched.told("disk_recovered");
  assert.deepEqual(floor, [true, false]);
  assert.equal(watch.belowFloor, false);
});

able.test("just above the floor a disk still counts as below, until it is clear of it", async () => {
  using disk = new MemoryFileSystem({ megabytes: 8 });
  await using watched = new Watched(disk);
  const { watch } = watched;
  const leave = async (bytes: number): Promise<boolean> => {
    disk.fillTo(bytes);
    await waitFor(`a look at ${bytes}`, () => watch.status.freeBytes === bytes);
    return watch.belowFloor;
  };
  assert.equal(await leave(2 * megabyte), false);
  assert.equal(await leave(2 * megabyte - 4096), true);
  assert.equal(await leave(2.25 * megabyte - 4096), true);
  assert.equal(await leave(2.25 * megabyte), false);
});

able.test("on a disk that others fill, delivered segments give way and needed ones stay", async () => {
  using disk = new MemoryFileSystem({ megabytes: 8 });
  let segments: readonly (SpaceSegment & { readonly path: string })[] = [];
  for (let i = 1; i <= 8; i++) {
    const path = disk.join(`segment-${i}`);
    writeFileSync(path, new Uint8Array(megabyte / 2));
    const passed = i !== 3;
    const place = { channel: "a", firstSequence: i, endedMs: i };
    segments = [...segments, { ...place, bytes: megabyte / 2, passed, underWay: false, path }];
  }
  await using watched = new Watched(disk, ({ freeBytes, floorBytes, belowFloor }) => {
    const need = { maxTotalBytes: undefined, journalBytes: 0, tailFull: true };
    const plan = planSpace(segments, { ...need, freeBytes, floorBytes, belowFloor });
    for (const { path } of plan) rmSync(path);
    segments = segments.filter((segment) => !plan.includes(segment));
  });
  const left = (): string => segments.map(({ firstSequence }) => firstSequence).join(" ");
  await anotherWrites(disk.join("other"), 2.5 * megabyte);
  await waitForValue("room for the margin, too", left, (names) => names === "3 4 5 6 7 8");
  await waitFor("a look at it", () => watched.watch.status.freeBytes === 2.5 * megabyte);
  disk.fill();
  await waitForValue("all that is delivered to go", left, (names) => names === "3");
  await waitFor("a look at it", () => watched.watch.status.freeBytes >= 2.5 * megabyte);
  assert.equal(watched.watch.belowFloor, false);
  assert.equal(left(), "3");
});
