import assert from "node:assert/strict";
import { RawBuffer } from "../../../src/channel/raw/raw_buffer.ts";

const settings = "9600 8N1";

function read(timeMs: number, length: number): Parameters<RawBuffer["add"]>[0] {
  return { timeMs, settings, bytes: new Uint8Array(length) };
}

Deno.test("RawBuffer keeps what there is room for, and counts all that comes behind", () => {
  const buffer = new RawBuffer({ maxBytes: 1000 });
  buffer.add(read(1, 400));
  assert.equal(buffer.isFilling, true);
  buffer.add({ timeMs: 2, settings, note: "set" });
  buffer.add(read(3, 500));
  // There would be room for this one: it must not seem to come before the gap.
  buffer.add(read(4, 10));
  buffer.add({ timeMs: 5, settings, note: "closed" });
  const { entries, gap } = buffer.take();
  assert.deepEqual(entries.map(({ timeMs }) => timeMs), [1, 2]);
  assert.deepEqual(gap, { timeMs: 3, settings, bytes: 510, reads: 2, untilMs: 5 });
});

Deno.test("RawBuffer has all its room again when it was emptied", () => {
  const buffer = new RawBuffer({ maxBytes: 1000 });
  for (let round = 0; round < 3; round++) {
    buffer.add(read(1, 900));
    buffer.add(read(2, 900));
    assert.equal(buffer.take().entries.length, 1);
    assert.deepEqual(buffer.take(), { entries: [], gap: null });
    assert.equal(buffer.isFilling, false);
  }
});
