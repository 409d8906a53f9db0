import assert from "node:assert/strict";
import { SpaceWatch } from "../../../src/journal/space/space_watch.ts";
import { SpaceBench } from "../../support/space_bench.ts";

Deno.test("low, below the floor and recovered are each told once", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  await bench.look(5000, 10);
  assert.deepEqual(bench.kinds, []);
  await bench.look(1599, 10);
  assert.deepEqual(bench.kinds, ["disk_low"]);
  await bench.look(799, 100);
  assert.deepEqual(bench.kinds, ["disk_low", "disk_below_floor"]);
  await bench.look(5000, 10);
  assert.deepEqual(bench.kinds, ["disk_low", "disk_below_floor", "disk_recovered"]);
  const [low, below, recovered] = bench.notices;
  assert.deepEqual([low?.level, below?.level, recovered?.level], ["warning", "error", "info"]);
  assert.equal(
    below?.message,
    "the disk of /logs is full but for what must stay free: " +
      "799 bytes free of 9.7 KB, below the floor of 800 bytes; the journals take 300 bytes",
  );
  assert.match(below.hint ?? "", /make room.*stat -c %m \/logs/);
  assert.equal(recovered?.hint, undefined);
  const { freeBytes, floorBytes, journalBytes } = below.details ?? {};
  assert.deepEqual([freeBytes, floorBytes, journalBytes], [799, 800, 300]);
});

Deno.test("what is worse is told when the next look finds it, too, and not when it was mended", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  await bench.clock.advance(0);
  await bench.look(799);
  await bench.look(5000);
  assert.deepEqual(bench.kinds, []);
  await bench.look(799);
  assert.deepEqual(bench.kinds, []);
  await bench.look(799);
  assert.deepEqual(bench.kinds, ["disk_below_floor"]);
});

Deno.test("a disk that goes up and down is told as bad once, and as better when it stays so", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  await bench.clock.advance(0);
  for (let i = 0; i < 50; i++) {
    await bench.look(700, 2);
    await bench.look(5000, 4);
  }
  assert.deepEqual(bench.kinds, ["disk_below_floor"]);
  await bench.look(1000);
  assert.deepEqual(bench.kinds, ["disk_below_floor", "disk_low"], "clear of the floor, but low");
});

Deno.test("a disk that will be full within a day is told as low", async () => {
  await using bench = new SpaceBench();
  bench.totalBytes = 1e9;
  bench.watch.start();
  const day = 86_400;
  // Down to the floor of 80 MB in 23 hours, from the first minute on.
  for (let second = 0; second < 70; second++) {
    await bench.look(Math.round(80e6 + 500e6 * (1 - second / (23 / 24 * day))));
  }
  assert.deepEqual(bench.kinds, ["disk_low"]);
  assert.match(bench.notices[0]?.message ?? "", /full in 22 hours/);
});

Deno.test("a floor that the disk can never have is told as such", async () => {
  await using bench = new SpaceBench();
  const watch = new SpaceWatch({
    path: "/logs",
    floorBytes: () => 20_000,
    journalBytes: () => 0,
    disk: { space: () => Promise.resolve({ totalBytes: 10_000, freeBytes: 9000 }) },
    clock: bench.clock,
    report: (notice) => bench.notices.push(notice),
  });
  watch.start();
  await bench.clock.advance(1000);
  await watch.stop();
  assert.deepEqual(bench.kinds, ["disk_below_floor"]);
  assert.equal(
    bench.notices[0]?.hint,
    "lower journal.min_free_mb: the disk has 9.7 KB in all",
  );
});
