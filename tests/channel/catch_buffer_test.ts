import assert from "node:assert/strict";
import fc from "fast-check";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import type { JournalPlace } from "../../src/journal/journal_place.ts";

const place: JournalPlace = {
  epoch: "0123456789abcdef0123456789abcdef",
  nextSequence: 2 ** 40,
  openLogBytes: 5_000_000_000,
};
const timeMs = 1_769_860_800_123;

/** The same memory, seen by the next owner. */
function reopened(memory: Uint8Array<ArrayBuffer>): CatchBuffer {
  return new CatchBuffer(new Uint8Array(memory));
}

Deno.test("CatchBuffer: bytes that were read and not appended are left, with place and time", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  const room = buffer.arm(place, 20, timeMs);
  assert.equal(room.length, 20);
  room.set([1, 2, 3]);
  buffer.note(3);
  assert.deepEqual(reopened(memory).left, { place, timeMs, bytes: Uint8Array.of(1, 2, 3) });
});

Deno.test("CatchBuffer: a kill between the read and its count loses no byte", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), fc.nat(4096), (bytes, more) => {
    const memory = new Uint8Array(catchBufferBytes);
    const room = new CatchBuffer(memory).arm(place, bytes.length + more, timeMs);
    const read = bytes.subarray(0, room.length);
    // The one case that the pattern cannot tell.
    fc.pre(read.length === 0 || read.at(-1) !== room[read.length - 1]);
    room.set(read);
    assert.deepEqual(reopened(memory).left?.bytes, read);
  }));
});

Deno.test("CatchBuffer: a kill before the read leaves no bytes", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  buffer.arm(place, 100, timeMs).fill(7);
  buffer.note(100);
  buffer.disarm();
  buffer.arm(place, 100, timeMs);
  assert.equal(reopened(memory).left?.bytes.length, 0);
});

Deno.test("CatchBuffer: nothing is left after disarming, or in new memory", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  assert.equal(buffer.left, null);
  buffer.arm(place, 10, timeMs).fill(1);
  buffer.note(10);
  buffer.disarm();
  assert.equal(reopened(memory).left, null);
});

Deno.test("CatchBuffer: room is never larger than what fits", () => {
  const buffer = new CatchBuffer(new Uint8Array(catchBufferBytes));
  assert.equal(buffer.arm(place, 1_000_000, timeMs).length, 4096);
});
