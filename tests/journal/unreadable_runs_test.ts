import assert from "node:assert/strict";
import { damageBefore, unreadableRuns } from "../../src/journal/damage.ts";

Deno.test("consecutive numbers are told as one run", () => {
  assert.deepEqual(unreadableRuns([]), []);
  assert.deepEqual(unreadableRuns([3, 4, 5, 8]), [
    { what: "unreadable_records", from: 3, to: 5 },
    { what: "unreadable_records", from: 8, to: 8 },
  ]);
});

Deno.test("what the next segment holds is not unreadable; bytes are bytes wherever they stand", () => {
  const bytes = { what: "quarantined_bytes", from: 10, to: 90 } as const;
  const damage = [...unreadableRuns([3, 4, 5, 8]), bytes];
  assert.deepEqual(damageBefore(Infinity, damage), damage);
  assert.deepEqual(damageBefore(5, damage), [...unreadableRuns([3, 4]), bytes]);
  assert.deepEqual(damageBefore(1, damage), [bytes]);
});
