import assert from "node:assert/strict";
import { FaultGuard } from "../../src/channel/fault_guard.ts";
import { SilenceWatch } from "../../src/channel/silence_watch.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { FakeTime } from "../support/fake_time.ts";

/** A watch over ten minutes, and time in a test's hand. */
class Bench implements Disposable {
  readonly notices: Notice[] = [];
  readonly watch: SilenceWatch;
  readonly time = new FakeTime();
  #nowMs = 5000;

  constructor(limitMs = 600_000) {
    this.watch = new SilenceWatch({
      guard: new FaultGuard(),
      name: "1429010002-A1",
      limitMs,
      clock: { ...systemClock, monotonicMs: () => this.#nowMs },
      report: (notice) => this.notices.push(notice),
    });
  }

  pass(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.#nowMs += 1000;
      this.time.tick(1000);
    }
  }

  get told(): string[] {
    return this.notices.map(({ message }) => message);
  }

  [Symbol.dispose](): void {
    this.watch.stop();
    assert.equal(this.time.pending, 0);
    this.time[Symbol.dispose]();
  }
}

Deno.test("silence is told once, when it has lasted, and again when it is over", () => {
  using bench = new Bench();
  bench.pass(599);
  assert.deepEqual(bench.told, []);
  bench.pass(1);
  assert.equal(bench.watch.isSilent, true);
  bench.pass(3600);
  bench.watch.heard();
  assert.equal(bench.watch.isSilent, false);
  bench.watch.heard();
  assert.deepEqual(bench.told, [
    "1429010002-A1: nothing has been heard for 10 minutes",
    "1429010002-A1: it is heard again, after 70 minutes",
  ]);
  bench.pass(600);
  assert.equal(bench.told.length, 3);
});

Deno.test("whatever is heard in time puts the alarm off, with one timer", () => {
  using bench = new Bench();
  for (let minute = 0; minute < 100; minute++) {
    bench.pass(540);
    bench.watch.heard();
    bench.watch.heard();
    assert.equal(bench.time.pending, 1);
  }
  assert.deepEqual(bench.told, []);
  bench.pass(599);
  assert.equal(bench.watch.isSilent, false);
  bench.pass(1);
  assert.equal(bench.watch.isSilent, true);
});

Deno.test("a limit of a year is longer than a timer, and is kept", () => {
  using bench = new Bench(31_536_000_000);
  bench.pass(30 * 86_400);
  assert.deepEqual(bench.told, []);
  assert.equal(bench.time.pending, 1);
});

Deno.test("SilenceWatch: what its timer throws breaks its channel, not the service", async () => {
  using time = new FakeTime();
  const guard = new FaultGuard();
  const told: unknown[] = [];
  guard.watch((error) => told.push(error));
  let nowMs = 0;
  const watch = new SilenceWatch({
    name: "1429010002-A1",
    limitMs: 1000,
    clock: { ...systemClock, monotonicMs: () => nowMs },
    guard,
    report: () => {
      throw new TypeError("planted");
    },
  });
  nowMs = 1001;
  time.tick(1001);
  assert.deepEqual(told.map(String), ["TypeError: planted"]);
  await watch.stop();
});
