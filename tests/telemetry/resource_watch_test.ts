import assert from "node:assert/strict";
import type { Notice } from "../../src/platform/notice.ts";
import type { ProcessUse } from "../../src/platform/process_use.ts";
import { Restraint } from "../../src/platform/restraint.ts";
import { ResourceWatch } from "../../src/telemetry/resource_watch.ts";
import { HandClock } from "../support/hand_clock.ts";

const mb = 2 ** 20;
const budgetMb = 100;
/** Between two looks. */
const lookMs = 2500;

class Bench implements AsyncDisposable {
  readonly clock = new HandClock();
  readonly restraint = new Restraint();
  readonly notices: Notice[] = [];
  residentMb = 50;
  descriptors = 10;
  fault: Error | null = null;
  /** What the allocator keeps of the resident memory. */
  keptMb = 0;
  /** Times at which it was given back. */
  readonly givenBackMs: number[] = [];
  readonly watch: ResourceWatch;

  constructor() {
    this.watch = new ResourceWatch({
      budgetBytes: budgetMb * mb,
      restraint: this.restraint,
      use: () => this.#use(),
      giveMemoryBack: () => this.#giveBack(),
      clock: this.clock,
      report: (notice) => this.notices.push(notice),
    });
  }

  get told(): string[] {
    return this.notices.map(({ level, kind }) => `${level} ${kind}`);
  }

  #giveBack(): void {
    this.residentMb -= this.keptMb;
    this.keptMb = 0;
    this.givenBackMs.push(this.clock.monotonicMs());
  }

  #use(): ProcessUse {
    if (this.fault !== null) throw this.fault;
    const { residentMb, descriptors } = this;
    return { residentBytes: residentMb * mb, heapBytes: mb, descriptors, descriptorLimit: 100 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch[Symbol.asyncDispose]();
  }
}

Deno.test("above the budget queues become shorter, later features are switched off, and all comes back", async () => {
  await using bench = new Bench();
  await bench.clock.advance(60_000);
  assert.deepEqual([bench.restraint.level, bench.told, bench.watch.conditions], ["none", [], []]);
  bench.residentMb = 150;
  await bench.clock.advance(10_000);
  assert.equal(bench.restraint.level, "queues");
  assert.match(bench.watch.conditions.join(), /takes 150 MB of memory, more than its 100 MB/);
  await bench.clock.advance(60_000);
  assert.equal(bench.restraint.level, "features");
  assert.equal(bench.watch.conditions.length, 1);
  bench.residentMb = 95;
  await bench.clock.advance(600_000);
  assert.equal(bench.restraint.level, "features", "just below the budget is not well");
  bench.residentMb = 80;
  await bench.clock.advance(40_000);
  assert.deepEqual([bench.restraint.level, bench.watch.conditions], ["none", []]);
  assert.deepEqual(bench.told, [
    "warning memory_high",
    "warning memory_high",
    "info memory_recovered",
  ]);
  assert.deepEqual(bench.notices[0]?.details, {
    residentBytes: 150 * mb,
    heapBytes: mb,
    budgetBytes: budgetMb * mb,
    restraint: "queues",
  });
});

Deno.test("a peak of one look restrains nothing, and one low look ends nothing", async () => {
  await using bench = new Bench();
  const look = async (residentMb: number): Promise<string> => {
    bench.residentMb = residentMb;
    await bench.clock.advance(lookMs);
    return bench.restraint.level;
  };
  for (let i = 0; i < 10; i++) {
    assert.equal(await look(150), "none");
    assert.equal(await look(50), "none");
  }
  assert.deepEqual([await look(150), await look(150)], ["none", "queues"]);
  for (let i = 0; i < 10; i++) {
    assert.equal(await look(50), "queues");
    assert.equal(await look(150), "queues");
  }
});

Deno.test("descriptors are told at 80 % of their limit, once, and when they are well below again", async () => {
  await using bench = new Bench();
  const counts = [79, 80, 95, 75, 85, 69, 75, 79, 80];
  for (const count of counts) {
    bench.descriptors = count;
    await bench.clock.advance(5000);
    assert.equal(bench.watch.conditions.length, bench.told.length % 2, `${count}`);
  }
  assert.deepEqual(bench.told, [
    "warning descriptors_high",
    "info descriptors_recovered",
    "warning descriptors_high",
  ]);
  assert.deepEqual(bench.notices[0]?.details, { open: 80, limit: 100 });
});

Deno.test("what cannot be found out is told once, and changes nothing", async () => {
  await using bench = new Bench();
  bench.residentMb = 150;
  await bench.clock.advance(10_000);
  bench.fault = new Error("opendir: /proc/self/fd: EMFILE");
  await bench.clock.advance(60_000);
  assert.equal(bench.restraint.level, "queues");
  bench.fault = null;
  await bench.clock.advance(5000);
  bench.fault = new Error("again");
  await bench.clock.advance(60_000);
  assert.deepEqual(bench.told.slice(1), [
    "warning resource_watch_failed",
    "warning resource_watch_failed",
  ]);
});

Deno.test("what the allocator keeps is given back after the start, now and then, and before queues suffer", async () => {
  await using bench = new Bench();
  const beginMs = bench.clock.monotonicMs();
  await bench.clock.advance(610_000);
  const times = bench.givenBackMs.splice(0).map((ms) => ms - beginMs);
  assert.deepEqual(times, [7500, 307_500, 607_500]);
  [bench.residentMb, bench.keptMb] = [150, 80];
  await bench.clock.advance(60_000);
  assert.deepEqual([bench.restraint.level, bench.told], ["none", []]);
  assert.equal(bench.givenBackMs.length, 1);
  bench.residentMb = 150;
  await bench.clock.advance(120_000);
  assert.equal(bench.restraint.level, "features");
  assert.equal(bench.givenBackMs.length, 2, "once, while it stays above");
});
