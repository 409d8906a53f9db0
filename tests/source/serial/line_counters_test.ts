import assert from "node:assert/strict";
import fc from "fast-check";
import {
  countedSince,
  decodeCounters,
  type LineCounters,
} from "../../../src/source/serial/line_counters.ts";

/** Eleven numbers as a driver gives them, somewhere in a larger buffer. */
function counters(values: readonly number[], offset = 0): LineCounters {
  const bytes = new Uint8Array(offset + 80);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(offset + index * 4, value, true));
  return decodeCounters(bytes.subarray(offset));
}

const eleven = (value: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.array(value, { minLength: 11, maxLength: 11 });
const anyCount = fc.integer({ min: 0, max: 2 ** 32 - 1 });

Deno.test("counters are what the structure holds, wherever it stands and however large they are", () => {
  fc.assert(fc.property(eleven(anyCount), fc.integer({ min: 0, max: 9 }), (values, offset) => {
    assert.deepEqual(Object.values(counters(values, offset)), values);
  }));
});

Deno.test("what was counted between two readings is right also where a counter begins again at 0", () => {
  const grown = eleven(fc.integer({ min: 0, max: 2 ** 31 - 1 }));
  fc.assert(fc.property(eleven(anyCount), grown, (before, growth) => {
    const now = before.map((value, index) => (value + (growth[index] ?? 0)) % 2 ** 32);
    assert.deepEqual(Object.values(countedSince(counters(before), counters(now))), growth);
  }));
  const last = 2 ** 32 - 1;
  const wrapped = countedSince(counters([last, last]), counters([0, last]));
  assert.deepEqual([wrapped.cts, wrapped.dsr], [1, 0]);
});

Deno.test("one counter that went back makes a new start of all", () => {
  const small = eleven(fc.integer({ min: 0, max: 1e6 }));
  fc.assert(fc.property(small, small, fc.integer({ min: 0, max: 10 }), (before, after, back) => {
    const now = counters(after.with(back, 5));
    assert.deepEqual(countedSince(counters(before.with(back, 6)), now), now);
  }));
});
