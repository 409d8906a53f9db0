import assert from "node:assert/strict";
import { FairShare } from "../../src/source/fair_share.ts";
import { HandClock } from "../support/hand_clock.ts";

/** Time that goes on when it is spent, or rested. */
class Bench {
  readonly clock = new HandClock();
  readonly never = new AbortController().signal;
  readonly share: FairShare;
  nowMs = 0;
  restedMs = 0;

  constructor() {
    this.clock.monotonicMs = () => this.nowMs;
    this.clock.delay = (ms) => {
      this.nowMs += ms;
      this.restedMs += ms;
      return Promise.resolve();
    };
    this.share = new FairShare(this.clock);
  }

  async piece(ms: number): Promise<void> {
    this.share.spend(() => this.nowMs += ms);
    await this.share.rest(this.never);
  }
}

Deno.test("who could spend all the time has a fifth of it in the long run, whatever a piece takes", async () => {
  for (const ms of [0.1, 1, 3, 50]) {
    const bench = new Bench();
    let spentMs = 0;
    while (bench.nowMs < 10_000) {
      await bench.piece(ms);
      spentMs += ms;
    }
    const share = spentMs / bench.nowMs;
    assert.ok(share < 0.21 && share > 0.15, `${ms} ms a piece: ${share}`);
  }
});

Deno.test("who brings little never rests, and saves nothing up", async () => {
  const bench = new Bench();
  for (let second = 0; second < 3600; second++) {
    bench.nowMs += 1000;
    await bench.piece(3);
  }
  assert.equal(bench.restedMs, 0);
  await bench.piece(1000);
  assert.ok(bench.restedMs > 4500, `${bench.restedMs} ms`);
});

Deno.test("what throws is accounted for as well", async () => {
  const bench = new Bench();
  assert.throws(() =>
    bench.share.spend(() => {
      bench.nowMs += 100;
      throw new Error("broken");
    })
  );
  await bench.share.rest(bench.never);
  assert.ok(bench.restedMs > 400, `${bench.restedMs} ms`);
});
