import assert from "node:assert/strict";
import { FakeTime } from "../support/fake_time.ts";
import { SyncSchedule } from "../../src/journal/sync_schedule.ts";
import type { Notice } from "../../src/platform/notice.ts";

/** A schedule whose syncs end when the test says so. */
class Bench {
  appended = 0;
  readonly notices: Notice[] = [];
  readonly syncs: PromiseWithResolvers<boolean>[] = [];
  readonly schedule: SyncSchedule;

  constructor(interval: number | "always") {
    this.schedule = new SyncSchedule({
      interval,
      appended: () => this.appended,
      keep: () => {
        const sync = Promise.withResolvers<boolean>();
        this.syncs.push(sync);
        return sync.promise;
      },
      report: (notice) => this.notices.push(notice),
    });
  }

  append(): void {
    this.appended += 1;
    this.schedule.request();
  }

  /** Ends the newest sync. */
  async end(error?: Error, done = true): Promise<void> {
    const sync = this.syncs.at(-1);
    if (error === undefined) sync?.resolve(done);
    else sync?.reject(error);
    await settled();
  }
}

/** Lets promises that can go on do so. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("with an interval, appends are synced together when it is over", async () => {
  using time = new FakeTime();
  const bench = new Bench(250);
  bench.append();
  time.tick(249);
  bench.append();
  assert.equal(bench.syncs.length, 0);
  time.tick(1);
  assert.equal(bench.syncs.length, 1);
  assert.equal(bench.schedule.synced, 0);
  await bench.end();
  assert.equal(bench.schedule.synced, 2);
  time.tick(1000);
  assert.equal(bench.syncs.length, 1, "nothing new, no sync");
});

Deno.test("a sync covers what was appended before it began, not what came meanwhile", async () => {
  using time = new FakeTime();
  const bench = new Bench(250);
  bench.append();
  time.tick(250);
  bench.append();
  time.tick(1000);
  assert.equal(bench.syncs.length, 1, "one at a time");
  await bench.end();
  assert.equal(bench.schedule.synced, 1);
  time.tick(250);
  await bench.end();
  assert.equal(bench.schedule.synced, 2);
});

Deno.test("with always, a sync begins at once, and those that wait share the next", async () => {
  using _time = new FakeTime();
  const bench = new Bench("always");
  bench.append();
  assert.equal(bench.syncs.length, 1);
  bench.append();
  bench.append();
  assert.equal(bench.syncs.length, 1);
  await bench.end();
  assert.equal(bench.schedule.synced, 1);
  assert.equal(bench.syncs.length, 2);
  await bench.end();
  assert.equal(bench.schedule.synced, 3);
});

Deno.test("a refused sync is said once and tried again, a few times a second at most", async () => {
  for (const interval of ["always", 10] as const) {
    using time = new FakeTime();
    const bench = new Bench(interval);
    bench.append();
    time.tick(10);
    await bench.end(new Error("no"));
    for (let elapsed = 0; elapsed < 1000; elapsed += 10) {
      time.tick(10);
      await bench.end(new Error("no"));
    }
    assert.ok(bench.syncs.length >= 4 && bench.syncs.length <= 6, `${bench.syncs.length} tries`);
    assert.deepEqual(bench.notices.map(({ kind }) => kind), ["sync_failed"]);
    assert.equal(bench.schedule.synced, 0);
    time.tick(250);
    await bench.end();
    assert.equal(bench.schedule.synced, 1);
  }
});

Deno.test("now() waits for the sync under way and for one of its own", async () => {
  using time = new FakeTime();
  const bench = new Bench(250);
  bench.append();
  time.tick(250);
  bench.append();
  let done = false;
  const now = bench.schedule.now().then(() => done = true);
  await bench.end();
  assert.equal(done, false);
  await bench.end();
  await now;
  assert.equal(bench.schedule.synced, 2);
});

Deno.test("a round that is not done is followed by another, without an append", async () => {
  using time = new FakeTime();
  const bench = new Bench(250);
  bench.append();
  time.tick(250);
  await bench.end(undefined, false);
  assert.equal(bench.schedule.synced, 1);
  time.tick(250);
  assert.equal(bench.syncs.length, 2);
  await bench.end();
  time.tick(1000);
  assert.equal(bench.syncs.length, 2, "done, no more");
});

Deno.test("what cannot wait is done at once, or right behind the round under way", async () => {
  using _time = new FakeTime();
  const bench = new Bench(250);
  bench.schedule.hurry();
  assert.equal(bench.syncs.length, 1);
  bench.schedule.hurry();
  assert.equal(bench.syncs.length, 1);
  await bench.end();
  assert.equal(bench.syncs.length, 2);
});

Deno.test("a round that wants another in its own turn gets it behind itself, not within", async () => {
  using _time = new FakeTime();
  const rounds: PromiseWithResolvers<boolean>[] = [];
  const schedule: SyncSchedule = new SyncSchedule({
    interval: 250,
    appended: () => 0,
    keep: () => {
      const round = Promise.withResolvers<boolean>();
      rounds.push(round);
      if (rounds.length === 1) schedule.hurry();
      return round.promise;
    },
    report: () => {},
  });
  schedule.hurry();
  assert.equal(rounds.length, 1);
  rounds[0]?.resolve(true);
  await settled();
  assert.equal(rounds.length, 2);
});

Deno.test("advance() tells readers of what is safe without a sync", async () => {
  using _time = new FakeTime();
  const bench = new Bench(250);
  bench.append();
  let woken = false;
  bench.schedule.beyond(0, new AbortController().signal).then(() => woken = true);
  bench.schedule.advance(1);
  await settled();
  assert.equal(bench.schedule.synced, 1);
  assert.equal(woken, true);
});

Deno.test("stop() syncs a last time and leaves no timer", async () => {
  using time = new FakeTime();
  const bench = new Bench(250);
  bench.append();
  const stopped = bench.schedule.stop();
  await settled();
  bench.append();
  await bench.end();
  await stopped;
  assert.equal(bench.schedule.synced, 1);
  assert.equal(time.pending, 0);
});

Deno.test("those who wait for a sync when it stops are served before it has stopped, one at a time", async () => {
  const bench = new Bench(1000);
  let underWay = 0;
  const schedule = new SyncSchedule({
    interval: 1000,
    appended: () => bench.appended,
    keep: async () => {
      underWay += 1;
      assert.equal(underWay, 1);
      await settled();
      underWay -= 1;
      return true;
    },
    report: (notice) => bench.notices.push(notice),
  });
  const first = schedule.now();
  const stopping = schedule.stop();
  const waiting = [first, schedule.now(), schedule.now()];
  await stopping;
  assert.equal(underWay, 0);
  await Promise.all(waiting);
  await settled();
  assert.equal(underWay, 0, "none begins afterwards");
});

Deno.test("stop() leaves no timer, though there is more to do than its rounds do", async () => {
  using time = new FakeTime();
  const bench = new Bench(50);
  bench.append();
  const stopped = bench.schedule.stop();
  for (let round = 0; round < 4; round++) await bench.end(undefined, false);
  await stopped;
  assert.equal(time.pending, 0);
  assert.equal(bench.syncs.length, 3);
});

Deno.test("a sync that is asked for is not put off by rounds that are always urgent", async () => {
  const bench = new Bench(1000);
  let rounds = 0;
  const schedule: SyncSchedule = new SyncSchedule({
    interval: 1000,
    appended: () => bench.appended,
    keep: async () => {
      rounds += 1;
      schedule.hurry();
      await settled();
      return true;
    },
    report: (notice) => bench.notices.push(notice),
  });
  schedule.hurry();
  await schedule.now();
  assert.ok(rounds <= 3);
  await schedule.stop();
});
