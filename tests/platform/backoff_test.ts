import assert from "node:assert/strict";
import { backoffMs } from "../../src/platform/backoff.ts";

Deno.test("waits double from attempt to attempt, up to the longest", () => {
  const backoff = { initialMs: 1000, maxMs: 60_000, exponential: true };
  const waits = Array.from({ length: 9 }, (_, i) => backoffMs(backoff, i + 1));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  assert.equal(backoffMs(backoff, 1e9), 60_000);
});

Deno.test("waits that do not grow are all the first, but never beyond the longest", () => {
  const backoff = { initialMs: 5000, maxMs: 60_000, exponential: false };
  assert.deepEqual([1, 2, 100].map((attempt) => backoffMs(backoff, attempt)), [5000, 5000, 5000]);
  assert.equal(backoffMs({ ...backoff, maxMs: 100 }, 1), 100);
});
