import assert from "node:assert/strict";
import { SpaceBench } from "../../support/space_bench.ts";

Deno.test("a started watch looks at once and then once a second, until it is stopped", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  bench.watch.start();
  await bench.clock.advance(0);
  assert.equal(bench.looks, 1);
  await bench.clock.advance(10_000);
  assert.equal(bench.looks, 11);
  await bench.watch.stop();
  await bench.clock.advance(10_000);
  assert.equal(bench.looks, 11);
  assert.equal(bench.clock.waiting, 0);
});

Deno.test("who asks for a look gets one at most once a second, and shares one under way", async () => {
  await using bench = new SpaceBench();
  await Promise.all([bench.watch.look(), bench.watch.look()]);
  await bench.watch.look();
  await bench.clock.advance(999);
  await bench.watch.look();
  assert.equal(bench.looks, 1);
  await bench.clock.advance(1);
  await bench.watch.look();
  assert.equal(bench.looks, 2);
});

Deno.test("who asks while a look is under way waits for what it finds", async () => {
  await using bench = new SpaceBench();
  const hang = Promise.withResolvers<void>();
  bench.hang = hang.promise;
  void bench.watch.look();
  const second = bench.watch.look().then(() => bench.watch.status.freeBytes);
  await bench.clock.advance(10);
  hang.resolve();
  assert.equal(await second, 5000);
});

Deno.test("status has the figures of the last look, and nothing before the first", async () => {
  await using bench = new SpaceBench();
  assert.deepEqual(bench.watch.status, {
    level: "enough",
    belowFloor: false,
    totalBytes: 0,
    freeBytes: 0,
    floorBytes: 0,
    journalBytes: 0,
    fullInMs: null,
    ageMs: null,
    problem: null,
  });
  await bench.watch.look();
  await bench.clock.advance(400);
  assert.deepEqual(bench.watch.status, {
    level: "enough",
    belowFloor: false,
    totalBytes: 10_000,
    freeBytes: 5000,
    floorBytes: 800,
    journalBytes: 300,
    fullInMs: null,
    ageMs: 400,
    problem: null,
  });
});

Deno.test("a disk that grows has a higher floor", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  await bench.clock.advance(0);
  bench.totalBytes = 20_000;
  await bench.look(5000);
  assert.equal(bench.watch.status.floorBytes, 1600);
});

Deno.test("listeners hear of each look, and before it of a floor that was crossed", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  await bench.clock.advance(0);
  for (const free of [799, 850, 899, 900, 799]) await bench.look(free);
  assert.deepEqual(
    bench.told.join(" "),
    "5000 below 799 850 899 above 900 below 799",
  );
  assert.equal(bench.watch.belowFloor, true);
});

Deno.test("fullInMs is the time to the floor at the present rate, null when nothing shrinks", async () => {
  await using bench = new SpaceBench();
  bench.freeBytes = 100_800;
  bench.watch.start();
  await bench.clock.advance(0);
  for (let second = 1; second <= 60; second++) await bench.look(100_800 - 10 * second);
  assert.equal(bench.watch.status.fullInMs, (100_800 - 600 - 800) / 10 * 1000);
  await bench.look(700, 20);
  assert.equal(bench.watch.status.fullInMs, 0, "it is there");
  await bench.look(700, 600);
  assert.equal(bench.watch.status.fullInMs, null);
});

Deno.test("a look that is refused leaves the last figures and is told once", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  await bench.clock.advance(0);
  bench.refusal = new Error("Input/output error");
  await bench.look(100, 10);
  const { freeBytes, ageMs, problem, belowFloor } = bench.watch.status;
  assert.deepEqual([freeBytes, ageMs, belowFloor], [5000, 10_000, false]);
  assert.equal(problem, "Input/output error");
  assert.deepEqual(bench.kinds, ["disk_watch_failed"]);
  assert.match(bench.notices[0]?.message ?? "", /\/logs: Input\/output error/);
  bench.refusal = null;
  await bench.look(4000);
  assert.deepEqual([bench.watch.status.freeBytes, bench.watch.status.problem], [4000, null]);
  bench.refusal = new Error("Input/output error");
  await bench.look(4000, 2);
  assert.equal(bench.notices.length, 2, "anew after it went well");
});

Deno.test("looks that hang do not pile up, are told once, and go on when it is over", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  await bench.clock.advance(0);
  const hang = Promise.withResolvers<void>();
  bench.hang = hang.promise;
  await bench.look(4000, 5);
  assert.deepEqual(bench.kinds, [], "it may only be slow");
  await bench.look(4000, 60);
  assert.equal(bench.looks, 2);
  assert.deepEqual(bench.kinds, ["disk_watch_failed"]);
  assert.equal(bench.watch.status.problem, "no answer for 5 seconds");
  assert.ok((bench.watch.status.ageMs ?? 0) >= 60_000);
  hang.resolve();
  bench.hang = null;
  await bench.look(4000, 2);
  assert.deepEqual([bench.watch.status.freeBytes, bench.watch.status.problem], [4000, null]);
  assert.equal(bench.looks, 4);
});

Deno.test("a stop waits a moment for a look that hangs, and what it finds is not told", async () => {
  const bench = new SpaceBench();
  const hang = Promise.withResolvers<void>();
  bench.hang = hang.promise;
  bench.watch.start();
  await bench.clock.advance(0);
  let stopped = false;
  const stop = bench.watch.stop().then(() => stopped = true);
  await bench.clock.advance(999);
  assert.equal(stopped, false);
  await bench.clock.advance(1);
  await stop;
  hang.resolve();
  await bench.clock.advance(5000);
  assert.deepEqual([bench.told, bench.notices], [[], []]);
  assert.equal(bench.clock.waiting, 0);
});

Deno.test("a stop returns as soon as the look under way is over", async () => {
  const bench = new SpaceBench();
  const hang = Promise.withResolvers<void>();
  bench.hang = hang.promise;
  bench.watch.start();
  await bench.clock.advance(0);
  const stop = bench.watch.stop();
  hang.resolve();
  await stop;
  assert.equal(bench.clock.waiting, 0);
});

Deno.test("a listener's mistake is told once and does not end the looking", async () => {
  await using bench = new SpaceBench();
  bench.watch.start();
  bench.mistake = new Error("delete: read-only file system");
  await bench.look(5000, 10);
  assert.equal(bench.looks, 11);
  assert.deepEqual(bench.kinds, ["disk_watch_failed"]);
  assert.match(bench.notices[0]?.message ?? "", /read-only/);
});
