import assert from "node:assert/strict";
import type { Notice } from "../../src/platform/notice.ts";
import { ClockWatch } from "../../src/telemetry/clock_watch.ts";
import { HandClock } from "../support/hand_clock.ts";

const hourMs = 3_600_000;

class Bench implements AsyncDisposable {
  readonly clock = new HandClock();
  readonly notices: Notice[] = [];
  readonly #watch: ClockWatch;

  constructor() {
    this.#watch = new ClockWatch({
      clock: this.clock,
      report: (notice) => this.notices.push(notice),
    });
  }

  get steps(): unknown[] {
    return this.notices.map(({ details }) => details?.["stepMs"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }
}

Deno.test("a step of the clock is told within seconds, once, with its size and direction", async () => {
  await using bench = new Bench();
  await bench.clock.advance(60_000);
  assert.equal(bench.notices.length, 0);
  bench.clock.step(56 * 365 * 24 * hourMs);
  await bench.clock.advance(2000);
  assert.equal(bench.notices.length, 1, "within two seconds");
  await bench.clock.advance(hourMs);
  bench.clock.step(-hourMs);
  await bench.clock.advance(hourMs);
  assert.deepEqual(bench.steps, [56 * 365 * 24 * hourMs, -hourMs]);
  assert.deepEqual(bench.notices.map(({ kind, level }) => [kind, level]), [
    ["clock_step", "warning"],
    ["clock_step", "warning"],
  ]);
  assert.match(bench.notices[0]?.message ?? "", /^the clock was set forward by 56 years, to 2025-/);
  assert.match(bench.notices[1]?.message ?? "", /^the clock was set back by 60 minutes, to /);
});

Deno.test("an hour is told as one, however late a reading came", async () => {
  await using bench = new Bench();
  await bench.clock.advance(5000);
  bench.clock.step(-hourMs + 20);
  await bench.clock.advance(2000);
  assert.match(bench.notices[0]?.message ?? "", /^the clock was set back by 60 minutes, to /);
});

Deno.test("a clock that is corrected little by little has not stepped", async () => {
  await using bench = new Bench();
  for (let second = 0; second < 600; second++) {
    bench.clock.step(second < 300 ? 80 : -80);
    await bench.clock.advance(1000);
  }
  assert.deepEqual(bench.notices, []);
});

Deno.test("a process that was held up between two readings takes that for no step", async () => {
  await using bench = new Bench();
  const { clock } = bench;
  const [wallMs, monotonicMs] = [clock.wallMs.bind(clock), clock.monotonicMs.bind(clock)];
  let heldMs = 0;
  clock.wallMs = () => {
    const readMs = wallMs() + heldMs;
    heldMs = 10_000;
    return readMs;
  };
  clock.monotonicMs = () => monotonicMs() + heldMs;
  await clock.advance(30_000);
  assert.equal(heldMs, 10_000);
  assert.deepEqual(bench.notices, []);
});
