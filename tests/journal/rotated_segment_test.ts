import assert from "node:assert/strict";
import { type RotatedSegment, withoutOverlap } from "../../src/journal/rotated_segment.ts";

function segment(firstSequence: number, count: number): RotatedSegment {
  return {
    firstSequence,
    lastSequence: firstSequence + count - 1,
    count,
    epoch: "one",
    base: `/logs/${firstSequence}`,
    bytes: 100,
    compressed: false,
    place: "disk",
  };
}

function ranges(segments: readonly RotatedSegment[], end = Infinity): string {
  return withoutOverlap(segments, end)
    .map((each) => `${each.firstSequence}+${each.count}=${each.lastSequence}`).join(" ");
}

Deno.test("what the next segment holds counts there", () => {
  assert.equal(ranges([segment(1, 7), segment(5, 4)]), "1+4=4 5+4=8");
  assert.equal(ranges([segment(1, 3), segment(5, 4)]), "1+3=3 5+4=8", "a hole stays");
  assert.equal(ranges([segment(1, 7), segment(5, 4)], 7), "1+4=4 5+2=6");
  assert.equal(ranges([segment(1, 7)], 1), "1+0=0");
});

Deno.test("numbers that were skipped before the next segment count nowhere", () => {
  assert.equal(ranges([segment(1, 7), { ...segment(5, 4), previousSequence: 2 }]), "1+2=2 5+4=8");
});

Deno.test("a segment without records takes none from another", () => {
  assert.equal(ranges([segment(1, 4), segment(2, 0)]), "2+0=1 1+4=4");
  assert.equal(ranges([segment(1, 4), segment(2, 0), segment(3, 9)]), "2+0=1 1+2=2 3+9=11");
});

Deno.test("of two that begin with the same number, the one without records comes first", () => {
  assert.equal(ranges([segment(1, 4), segment(1, 0), segment(5, 2)]), "1+0=0 1+4=4 5+2=6");
});
