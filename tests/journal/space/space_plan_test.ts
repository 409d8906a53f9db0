import assert from "node:assert/strict";
import fc from "fast-check";
import { floorMarginBytes } from "../../../src/journal/space/space_limits.ts";
import {
  planSpace,
  type SpaceNeed,
  type SpaceSegment,
} from "../../../src/journal/space/space_plan.ts";

/** All is well: room enough, no ceiling. */
const content: SpaceNeed = {
  maxTotalBytes: undefined,
  journalBytes: 1000,
  freeBytes: 5000,
  floorBytes: 800,
  belowFloor: false,
  tailFull: false,
};
/** 50 bytes are missing to the floor, 150 with the margin. */
const short: SpaceNeed = { ...content, freeBytes: 750, belowFloor: true };

function segment(
  channel: string,
  firstSequence: number,
  more: Partial<SpaceSegment> = {},
): SpaceSegment {
  const endedMs = firstSequence;
  return { channel, firstSequence, bytes: 100, endedMs, passed: true, underWay: false, ...more };
}

function names(plan: readonly SpaceSegment[]): string {
  return plan.map(({ channel, firstSequence }) => `${channel}${firstSequence}`).join(" ");
}

function plan(segments: readonly SpaceSegment[], need: SpaceNeed): string {
  return names(planSpace(segments, need));
}

const three = [segment("a", 1), segment("a", 2), segment("a", 3)];
const needed = three.map((each) => ({ ...each, passed: false }));

Deno.test("nothing goes while there is room", () => {
  assert.equal(plan([...three, ...needed], content), "");
  assert.equal(plan(three, { ...content, freeBytes: 800, maxTotalBytes: 1000 }), "");
  assert.equal(plan(three, { ...content, freeBytes: 0, floorBytes: 0, tailFull: true }), "");
});

Deno.test("for the floor, delivered segments go until free space is clear of it", () => {
  assert.equal(plan(three, short), "a1 a2");
  assert.equal(plan(three, { ...short, belowFloor: false }), "a1 a2", "also at the first look");
  assert.equal(plan(three, { ...short, freeBytes: 801 }), "a1", "short of the margin");
  assert.equal(plan(three, { ...short, freeBytes: 900 }), "", "clear of it");
  assert.equal(plan(three, { ...short, freeBytes: 0 }), "a1 a2 a3", "all there is");
});

Deno.test("for the ceiling, as many go as are too much", () => {
  assert.equal(plan(three, { ...content, maxTotalBytes: 999 }), "a1");
  assert.equal(plan(three, { ...content, maxTotalBytes: 900 }), "a1");
  assert.equal(plan(three, { ...content, maxTotalBytes: 899 }), "a1 a2");
});

Deno.test("the oldest goes first over all channels", () => {
  const mixed = [
    segment("a", 7, { endedMs: 30 }),
    segment("b", 1, { endedMs: 40 }),
    segment("a", 3, { endedMs: 10 }),
    segment("c", 9, { endedMs: 20 }),
  ];
  assert.equal(plan(mixed, { ...short, freeBytes: 0 }), "a3 c9 a7 b1");
});

Deno.test("a clock that was behind makes nothing old, and within a channel numbers decide", () => {
  const stepped = [
    segment("a", 1, { endedMs: 100 }),
    segment("a", 2, { endedMs: 5 }),
    segment("b", 1, { endedMs: 50 }),
    segment("a", 3, { endedMs: 120 }),
    segment("b", 2, { endedMs: 110 }),
  ];
  assert.equal(plan(stepped, { ...short, freeBytes: 0 }), "b1 a1 a2 b2 a3");
});

Deno.test("what is delivered goes before what is needed, however old", () => {
  const segments = [...needed, segment("b", 8)];
  assert.equal(plan(segments, { ...content, maxTotalBytes: 901 }), "b8");
  assert.equal(plan(segments, { ...content, maxTotalBytes: 850 }), "b8 a1");
});

Deno.test("what is needed goes for the ceiling, no more of it than is too much", () => {
  assert.equal(plan(needed, { ...content, maxTotalBytes: 900 }), "a1");
  assert.equal(plan(needed, { ...content, maxTotalBytes: 750 }), "a1 a2 a3");
});

Deno.test("what is needed stays for the floor as long as memory takes records", () => {
  assert.equal(plan(needed, short), "");
  assert.equal(plan([...needed, segment("b", 8)], { ...short, freeBytes: 600 }), "b8");
});

Deno.test("when memory is full, what is needed goes for the floor one at a time", () => {
  const full = { ...short, tailFull: true };
  assert.equal(plan(needed, { ...full, freeBytes: 400 }), "a1");
  assert.equal(plan([segment("b", 8), ...needed], { ...full, freeBytes: 600 }), "b8 a1");
  assert.equal(plan([segment("b", 8), ...needed], { ...full, freeBytes: 800 }), "b8", "enough");
  const both = { ...full, freeBytes: 400, maxTotalBytes: 950 };
  assert.equal(plan(needed, both), "a1", "the one that went for the ceiling is the one");
});

Deno.test("below half the floor nothing that is needed goes: somebody else fills the disk", () => {
  const full = { ...short, tailFull: true };
  assert.equal(plan(needed, { ...full, freeBytes: 399 }), "");
  assert.equal(plan([segment("b", 8), ...needed], { ...full, freeBytes: 399 }), "b8");
});

const arbitrarySegments = fc.array(
  fc.record({
    channel: fc.constantFrom("a", "b", "c"),
    bytes: fc.integer({ min: 1, max: 200 }),
    stepMs: fc.integer({ min: -50, max: 100 }),
    passed: fc.boolean(),
    underWay: fc.boolean(),
  }),
  { maxLength: 15 },
).map((steps) => {
  const last = new Map<string, { firstSequence: number; endedMs: number }>();
  return steps.map(({ stepMs, ...step }): SpaceSegment => {
    const before = last.get(step.channel) ?? { firstSequence: 0, endedMs: 0 };
    const place = {
      firstSequence: before.firstSequence + 1,
      endedMs: before.endedMs + stepMs,
    };
    last.set(step.channel, place);
    return { ...step, ...place };
  });
});

const arbitraryNeed = fc.record({
  maxTotalBytes: fc.option(fc.nat(3000), { nil: undefined }),
  journalBytes: fc.nat(3000),
  freeBytes: fc.nat(1500),
  floorBytes: fc.nat(1000),
  belowFloor: fc.boolean(),
  tailFull: fc.boolean(),
}).filter(({ belowFloor, freeBytes, floorBytes }) => belowFloor || freeBytes >= floorBytes);

interface Outcome {
  readonly ceilingHolds: boolean;
  readonly floorHolds: boolean;
}

/** What holds once the segments are gone. */
function after(gone: readonly SpaceSegment[], need: SpaceNeed): Outcome {
  const bytes = gone.reduce((sum, each) => sum + each.bytes, 0);
  const clearBytes = need.floorBytes + floorMarginBytes(need.floorBytes);
  return {
    ceilingHolds: need.journalBytes - bytes <= (need.maxTotalBytes ?? Infinity),
    floorHolds: !need.belowFloor || need.freeBytes + bytes >= clearBytes,
  };
}

function forAnyPlan(
  check: (found: {
    readonly segments: readonly SpaceSegment[];
    readonly need: SpaceNeed;
    readonly gone: readonly SpaceSegment[];
    readonly kept: readonly SpaceSegment[];
  }) => void,
): void {
  fc.assert(
    fc.property(arbitrarySegments, arbitraryNeed, fc.nat(), (segments, need, turn) => {
      const from = segments.length === 0 ? 0 : turn % segments.length;
      const shuffled = [...segments.slice(from), ...segments.slice(0, from)];
      const gone = planSpace(shuffled, need);
      check({ segments, need, gone, kept: segments.filter((each) => !gone.includes(each)) });
    }),
    { numRuns: 2000 },
  );
}

Deno.test("a plan names each segment at most once, whatever order they come in", () => {
  forAnyPlan(({ segments, gone }) => {
    assert.equal(new Set(gone).size, gone.length);
    assert.ok(gone.every((each) => segments.includes(each)));
  });
});

Deno.test("the ceiling holds after the plan, or nothing is left", () => {
  forAnyPlan(({ need, gone, kept }) => {
    assert.ok(after(gone, need).ceilingHolds || kept.length === 0);
  });
});

Deno.test("the floor holds after the plan, or nothing delivered is left", () => {
  forAnyPlan(({ need, gone, kept }) => {
    assert.ok(after(gone, need).floorHolds || kept.every(({ passed }) => !passed));
  });
});

Deno.test("no needed segment goes while a delivered one remains, or without a reason", () => {
  forAnyPlan(({ need, gone, kept }) => {
    const lost = gone.filter(({ passed }) => !passed);
    if (lost.length === 0) return;
    assert.ok(kept.every(({ passed }) => !passed));
    const delivered = gone.filter(({ passed }) => passed);
    const before = after([...delivered, ...lost.slice(0, -1)], need);
    if (!before.ceilingHolds) return;
    assert.equal(lost.length, 1);
    assert.ok(!before.floorHolds && need.tailFull && 2 * need.freeBytes >= need.floorBytes);
  });
});

Deno.test("memory being full never spares what is needed when the floor is ours to hold", () => {
  forAnyPlan(({ need, gone, kept }) => {
    if (!need.tailFull || 2 * need.freeBytes < need.floorBytes) return;
    const progress = gone.some(({ passed }) => !passed);
    assert.ok(after(gone, need).floorHolds || progress || kept.length === 0);
  });
});

Deno.test("a plan is minimal: without its last segment something would not hold", () => {
  forAnyPlan(({ need, gone }) => {
    if (gone.length === 0) return;
    const { ceilingHolds, floorHolds } = after(gone.slice(0, -1), need);
    assert.ok(!ceilingHolds || !floorHolds);
  });
});

/** Delivered ones are not needed, whatever else is under way. */
function isOfKind(one: SpaceSegment, other: SpaceSegment): boolean {
  return one.passed === other.passed && (one.passed || one.underWay === other.underWay);
}

Deno.test("what is under way goes last: what it costs cannot be told", () => {
  const sent = needed.map((each, i) => ({ ...each, underWay: i < 2 }));
  assert.equal(plan(sent, { ...content, maxTotalBytes: 900 }), "a3");
  assert.equal(plan(sent, { ...content, maxTotalBytes: 850 }), "a3 a1");
  forAnyPlan(({ gone, kept }) => {
    const doubtful = gone.filter(({ passed, underWay }) => !passed && underWay);
    assert.ok(doubtful.length === 0 || kept.every(({ underWay }) => underWay));
  });
});

Deno.test("within a channel and kind, segments go from the lowest number up", () => {
  forAnyPlan(({ gone, kept }) => {
    for (const [i, each] of gone.entries()) {
      const alike = (other: SpaceSegment): boolean =>
        other.channel === each.channel && isOfKind(other, each);
      const later = [...gone.slice(i + 1), ...kept].filter(alike);
      assert.ok(later.every(({ firstSequence }) => firstSequence > each.firstSequence));
    }
  });
});

Deno.test("with a clock that only goes forward, segments of a kind go in the order of time", () => {
  forAnyPlan(({ segments, gone, kept }) => {
    const stepsBack = segments.some((each) =>
      segments.some((other) =>
        other.channel === each.channel && other.firstSequence > each.firstSequence &&
        other.endedMs < each.endedMs
      )
    );
    if (stepsBack) return;
    for (const [i, each] of gone.entries()) {
      const later = [...gone.slice(i + 1), ...kept].filter((other) => isOfKind(other, each));
      assert.ok(later.every(({ endedMs }) => endedMs >= each.endedMs));
    }
  });
});

Deno.test("what is no record goes before any record, delivered or not, for floor and ceiling", () => {
  const events = [segment("e", 8), segment("e", 9)]
    .map((each) => ({ ...each, passed: false, isDispensable: true }));
  const all = [...three, ...events];
  assert.equal(plan(all, short), "e8 e9");
  assert.equal(plan(all, { ...content, maxTotalBytes: 750 }), "e8 e9 a1");
  const undelivered = [...needed, ...events];
  assert.equal(plan(undelivered, { ...content, maxTotalBytes: 850 }), "e8 e9");
  assert.equal(plan(undelivered, { ...short, tailFull: true }), "e8 e9", "and no record");
  assert.equal(plan(undelivered, content), "", "while there is room nothing goes");
});
