import assert from "node:assert/strict";
import { SequenceHoles } from "../../src/delivery/sequence_holes.ts";

Deno.test("holes: a number that comes late splits its hole, once", () => {
  const holes = new SequenceHoles();
  holes.add({ from: 3, to: 6, behind: 2 });
  holes.add({ from: 9, to: 9, behind: 7 });
  assert.equal(holes.fill(4), true);
  assert.equal(holes.fill(4), false);
  assert.equal(holes.fill(9), true);
  assert.equal(holes.fill(8), false);
  assert.deepEqual(holes.all, [{ from: 3, to: 3, behind: 2 }, { from: 5, to: 6, behind: 2 }]);
});

Deno.test("holes: the oldest are given up, so that no more than so many are kept", () => {
  const holes = new SequenceHoles();
  for (const at of [1, 3, 5]) holes.add({ from: at, to: at, behind: 0 });
  assert.deepEqual(holes.takeBeyond(2), [{ from: 1, to: 1, behind: 0 }]);
  assert.equal(holes.all.length, 2);
});
