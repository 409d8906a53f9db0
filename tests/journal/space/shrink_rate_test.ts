import assert from "node:assert/strict";
import { ShrinkRate } from "../../../src/journal/space/shrink_rate.ts";

const gigabyte = 1024 ** 3;

/** The rate after a look a second for so many seconds, given what is free at each. */
function rateAfter(seconds: number, freeAt: (second: number) => number): number {
  const rate = new ShrinkRate();
  for (let second = 0; second <= seconds; second++) rate.add(second * 1000, freeAt(second));
  return rate.bytesPerMs;
}

Deno.test("a steady loss is measured in bytes per millisecond", () => {
  for (const seconds of [60, 100, 600, 3607]) {
    assert.equal(rateAfter(seconds, (second) => gigabyte - 5000 * second), 5);
  }
});

Deno.test("nothing is said of a rate in the first minute", () => {
  assert.equal(rateAfter(59, (second) => gigabyte - 5000 * second), 0);
});

Deno.test("space that grows or stays has no rate", () => {
  assert.equal(rateAfter(600, (second) => gigabyte + 5000 * second), 0);
  assert.equal(rateAfter(600, () => gigabyte), 0);
});

Deno.test("a large file that comes or goes, at once or over two minutes, is no trend", () => {
  for (const bytes of [gigabyte, -gigabyte]) {
    for (const lastsSec of [1, 120]) {
      for (const fromSec of [100, 290, 400]) {
        const rate = rateAfter(600, (second) => {
          const done = Math.min(1, Math.max(0, (second - fromSec) / lastsSec));
          return 10 * gigabyte - 1000 * second - done * bytes;
        });
        assert.equal(rate, 1, `${bytes} bytes in ${lastsSec} s from ${fromSec} s on`);
      }
    }
  }
});

Deno.test("space that is used and given back in turn seems to shrink but little", () => {
  const rate = rateAfter(600, (second) => gigabyte - 100_000 * (second % 50));
  assert.ok(rate < 25, `${rate} of 100`);
});

Deno.test("a loss that lasts shows within six minutes, one that is over is gone as soon", () => {
  const begun = (second: number): number => gigabyte - 10_000 * Math.max(0, second - 600);
  assert.equal(rateAfter(720, begun), 0);
  assert.equal(rateAfter(960, begun), 10);
  const ended = (second: number): number => gigabyte - 10_000 * Math.min(600, second);
  assert.equal(rateAfter(720, ended), 10);
  assert.equal(rateAfter(960, ended), 0);
});

Deno.test("a gap between looks, as while the file system hangs, does no harm", () => {
  const rate = new ShrinkRate();
  for (const second of [0, 10, 20, 400, 410, 420, 590]) {
    rate.add(second * 1000, gigabyte - 5000 * second);
  }
  assert.equal(rate.bytesPerMs, 5);
  rate.add(10_000_000, 0);
  assert.equal(rate.bytesPerMs, 0, "nothing is known after so long");
});
