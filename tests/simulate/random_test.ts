import assert from "node:assert/strict";
import { Random } from "../../src/simulate/random.ts";

Deno.test("the same seed gives the same numbers, another seed gives others", () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

Deno.test("integer() reaches both limits, and each value about equally often", () => {
  const random = new Random(1);
  const counts = new Map<number, number>();
  for (let i = 0; i < 60_000; i++) {
    const value = random.integer(-2, 3);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort((a, b) => a - b), [-2, -1, 0, 1, 2, 3]);
  for (const count of counts.values()) assert.ok(Math.abs(count - 10_000) < 500, `${count}`);
});

Deno.test("pick() takes every item in turn, and refuses an empty list", () => {
  const random = new Random(2);
  const picked = new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])));
  assert.equal(picked.size, 3);
  assert.throws(() => random.pick([]), RangeError);
});
