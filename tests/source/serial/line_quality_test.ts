import assert from "node:assert/strict";
import { LineQuality } from "../../../src/source/serial/line_quality.ts";

const minuteMs = 60_000;

/** What is told when so many characters come in each of some minutes. */
function told(
  quality: LineQuality,
  from: number,
  minutes: readonly (readonly [good: number, bad: number])[],
): string[] {
  return minutes.flatMap(([good, bad], i) =>
    quality.push({ monotonicMs: (from + i) * minuteMs, good, bad })
  ).map(({ kind, message }) => `${kind} ${message}`);
}

Deno.test("a line with one damaged character in a hundred is noisy, and clean when that is long ago", () => {
  const quality = new LineQuality({ device: "/dev/ttyS0" });
  assert.deepEqual(told(quality, 0, [[1000, 0], [1000, 4]]), []);
  assert.deepEqual(told(quality, 2, [[900, 20]]), [
    "line_noisy /dev/ttyS0: 24 of the last 2924 characters arrived damaged",
  ]);
  assert.equal(quality.isNoisy, true);
  assert.deepEqual(told(quality, 3, Array.from({ length: 9 }, () => [1000, 0])), []);
  assert.deepEqual(told(quality, 12, [[1000, 0]]), [
    "line_clean /dev/ttyS0: the line is clean again",
  ]);
});

Deno.test("a few characters are no ground for a judgement, however damaged", () => {
  const quality = new LineQuality({ device: "/dev/ttyS0" });
  assert.deepEqual(told(quality, 0, [[0, 199]]), []);
  assert.deepEqual(told(quality, 20, [[0, 199]]), []);
  assert.equal(told(quality, 21, [[1, 0]]).length, 1);
});

Deno.test("what came is kept by the minute for an hour, quiet minutes too", () => {
  const quality = new LineQuality({ device: "/dev/ttyS0" });
  told(quality, 0, [[1, 0], [2, 1]]);
  told(quality, 4, [[3, 0], [0, 0]]);
  assert.deepEqual(quality.minutes, [
    { good: 1, bad: 0 },
    { good: 2, bad: 1 },
    { good: 0, bad: 0 },
    { good: 0, bad: 0 },
    { good: 3, bad: 0 },
    { good: 0, bad: 0 },
  ]);
  told(quality, 10_000, [[5, 5]]);
  assert.equal(quality.minutes.length, 60);
  assert.deepEqual(quality.minutes.at(-1), { good: 5, bad: 5 });
  assert.ok(quality.minutes.slice(0, -1).every(({ good }) => good === 0));
});

Deno.test("what comes while settings are looked for, or just before, does not make a line noisy", () => {
  const quality = new LineQuality({ device: "/dev/ttyS0" });
  told(quality, 0, [[1000, 0], [300, 4]]);
  const monotonicMs = minuteMs + 2000;
  assert.deepEqual(quality.push({ monotonicMs, good: 0, bad: 90, isDetecting: true }), []);
  assert.deepEqual(quality.push({ monotonicMs, good: 100, bad: 0 }), []);
  assert.deepEqual(quality.minutes, [{ good: 1000, bad: 0 }, { good: 100, bad: 0 }]);
});
