import assert from "node:assert/strict";
import {
  describeBytes,
  describeSpace,
  type SpaceLevel,
  spaceLevel,
  type SpaceStatus,
} from "../../../src/journal/space/space_status.ts";

const megabyte = 1024 * 1024;
const gigabyte = 1024 * megabyte;
const hourMs = 3_600_000;

const roomy: SpaceStatus = {
  level: "enough",
  belowFloor: false,
  totalBytes: 29 * gigabyte,
  freeBytes: 12.4 * gigabyte,
  floorBytes: 594 * megabyte,
  journalBytes: gigabyte,
  fullInMs: 41.5 * 24 * hourMs,
  ageMs: 300,
  problem: null,
};

/** Floor 80, margin 10. */
function level(before: SpaceLevel, freeBytes: number, fullInMs: number | null = null): SpaceLevel {
  return spaceLevel(before, { totalBytes: 10_000, freeBytes, floorBytes: 80, fullInMs });
}

Deno.test("free space is below the floor until it is clear of it by the margin", () => {
  assert.equal(level("enough", 80), "low");
  assert.equal(level("enough", 79), "below_floor");
  assert.equal(level("low", 79), "below_floor");
  assert.equal(level("below_floor", 89), "below_floor");
  assert.equal(level("below_floor", 90), "low");
});

Deno.test("free space is low below twice the floor, until it is above that by twice the margin", () => {
  assert.equal(level("enough", 160), "enough");
  assert.equal(level("enough", 159), "low");
  for (const before of ["low", "below_floor"] as const) {
    assert.equal(level(before, 179), "low");
    assert.equal(level(before, 180), "enough");
  }
});

Deno.test("free space is low when it lasts less than a day, until it lasts for two", () => {
  assert.equal(level("enough", 5000, 24 * hourMs), "enough");
  assert.equal(level("enough", 5000, 24 * hourMs - 1), "low");
  assert.equal(level("low", 5000, 48 * hourMs - 1), "low");
  assert.equal(level("low", 5000, 48 * hourMs), "enough");
});

Deno.test("without a floor free space is never below it, and low when 1 % is left", () => {
  const without = (freeBytes: number): SpaceLevel =>
    spaceLevel("enough", { totalBytes: 10_000, freeBytes, floorBytes: 0, fullInMs: null });
  assert.equal(without(100), "enough");
  assert.equal(without(99), "low");
  assert.equal(without(0), "low");
  const unknown = { totalBytes: 0, freeBytes: 0, floorBytes: 0, fullInMs: null };
  assert.equal(spaceLevel("enough", unknown), "enough", "a file system that states no size");
});

Deno.test("describeSpace() says what is free, of what, down to where, and for how long", () => {
  const cases: [more: Partial<SpaceStatus>, text: string][] = [
    [{}, "12.4 GB free of 29 GB, floor 594 MB, full in 41 days"],
    [{ fullInMs: null }, "12.4 GB free of 29 GB, floor 594 MB"],
    [{ floorBytes: 0, fullInMs: null }, "12.4 GB free of 29 GB, no floor"],
    [
      { belowFloor: true, freeBytes: 400 * megabyte, fullInMs: 0 },
      "400 MB free of 29 GB, below the floor of 594 MB",
    ],
    [
      { belowFloor: true, freeBytes: 596 * megabyte },
      "596 MB free of 29 GB, just above the floor of 594 MB",
    ],
    [
      { fullInMs: null, ageMs: 65_000, problem: "Input/output error" },
      "12.4 GB free of 29 GB, floor 594 MB, 65 seconds ago: Input/output error",
    ],
    [{ ageMs: null }, "free space not known"],
    [{ ageMs: null, problem: "No such file" }, "free space not known: No such file"],
  ];
  for (const [more, text] of cases) assert.equal(describeSpace({ ...roomy, ...more }), text);
});

Deno.test("times are told in the unit that people would use", () => {
  const cases: [ms: number, text: string][] = [
    [0, "0 seconds"],
    [119_999, "119 seconds"],
    [120_000, "2 minutes"],
    [2 * hourMs, "2 hours"],
    [47.9 * hourMs, "47 hours"],
    [48 * hourMs, "2 days"],
    [729 * 24 * hourMs, "729 days"],
    [730 * 24 * hourMs, "2 years"],
  ];
  for (const [fullInMs, text] of cases) {
    assert.ok(describeSpace({ ...roomy, fullInMs }).endsWith(`, full in ${text}`), text);
  }
});

Deno.test("sizes are told in units of 1024, never rounded up", () => {
  const cases: [bytes: number, text: string][] = [
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [1024, "1 KB"],
    [1.99 * megabyte, "1.9 MB"],
    [100.9 * megabyte, "100 MB"],
    [1023.9 * megabyte, "1023 MB"],
    [2.5 * 1024 * gigabyte, "2.5 TB"],
    [5000 * 1024 * gigabyte, "5000 TB"],
  ];
  for (const [bytes, text] of cases) assert.equal(describeBytes(bytes), text);
});
