import assert from "node:assert/strict";
import {
  floorMarginBytes,
  type SpaceLimits,
  spaceLimits,
  type SpaceSettings,
} from "../../../src/journal/space/space_limits.ts";
import { configOf, type Json, sample } from "../../config/sample.ts";

const megabyte = 1024 * 1024;
const gigabyte = 1024 * megabyte;

function settings(journal: Json = {}): SpaceSettings {
  return configOf(sample({ journal })).journal;
}

function limits(journal: Json, totalBytes = 29 * gigabyte): SpaceLimits {
  return spaceLimits(settings(journal), totalBytes);
}

Deno.test("unless configured, 2 % of the disk stays free, at least 256 MB, at most a quarter", () => {
  const cases: [total: number, floor: number][] = [
    [100 * gigabyte, 2 * gigabyte],
    [12.5 * gigabyte, 256 * megabyte],
    [8 * gigabyte, 256 * megabyte],
    [gigabyte, 256 * megabyte],
    [800 * megabyte, 200 * megabyte],
    [8 * megabyte, 2 * megabyte],
  ];
  for (const [total, floor] of cases) assert.equal(limits({}, total).floorBytes, floor);
});

Deno.test("a configured floor is taken as it is, also none and more than the disk has", () => {
  for (const [mb, bytes] of [[0, 0], [0.5, megabyte / 2], [9000, 9000 * megabyte]]) {
    assert.equal(limits({ min_free_mb: mb }, gigabyte).floorBytes, bytes);
  }
});

Deno.test("a file system that states no size has no floor", () => {
  assert.equal(limits({}, 0).floorBytes, 0);
  assert.equal(limits({ min_free_mb: 100 }, 0).floorBytes, 0);
});

Deno.test("there is no ceiling unless one is configured", () => {
  assert.equal(limits({}).maxTotalBytes, undefined);
  assert.equal(limits({ max_total_mb: 0 }).maxTotalBytes, undefined);
  assert.equal(limits({ max_total_mb: 1.5 }).maxTotalBytes, 1.5 * megabyte);
});

Deno.test("the memory tail is 24 MB unless configured, and limits are whole bytes", () => {
  assert.equal(limits({}).memoryTailBytes, 24 * megabyte);
  assert.equal(limits({ memory_tail_mb: 2 }).memoryTailBytes, 2 * megabyte);
  const odd = limits({ memory_tail_mb: 1.1, max_total_mb: 0.1, min_free_mb: 0.3 });
  for (const bytes of Object.values(odd)) assert.ok(Number.isInteger(bytes), String(bytes));
});

Deno.test("the margin above the floor is an eighth of it, and 8 MB at most", () => {
  assert.equal(floorMarginBytes(0), 0);
  assert.equal(floorMarginBytes(2 * megabyte), megabyte / 4);
  assert.equal(floorMarginBytes(64 * megabyte), 8 * megabyte);
  assert.equal(floorMarginBytes(gigabyte), 8 * megabyte);
});
