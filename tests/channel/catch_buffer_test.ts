import assert from "node:assert/strict";
import fc from "fast-check";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import type { JournalPlace } from "../../src/journal/journal_place.ts";
import type { SourceRead } from "../../src/source/source.ts";
import { bytesOf, textOf } from "../support/journal_box.ts";

const place: JournalPlace = {
  epoch: "0123456789abcdef0123456789abcdef",
  nextSequence: 2 ** 40,
  openLogBytes: 5_000_000_000,
};
const later: JournalPlace = { ...place, nextSequence: 2 ** 40 + 1, openLogBytes: 0 };
const timeMs = 1_769_860_800_123;
const how = { setting: 614_403, timeMs };

/** The same memory, seen by the next owner. */
function reopened(memory: Uint8Array<ArrayBuffer>): CatchBuffer {
  return new CatchBuffer(new Uint8Array(memory));
}

/** Reads bytes as a source does. */
function take(
  buffer: CatchBuffer,
  bytes: readonly number[],
  read: Omit<SourceRead, "bytes"> = how,
) {
  buffer.arm(place, bytes.length, read).set(bytes);
  buffer.note(bytes.length);
}

Deno.test("CatchBuffer: bytes that were read and not appended are left, with place, time and setting", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  const room = buffer.arm(place, 20, how);
  assert.equal(room.length, 20);
  room.set([1, 2, 3]);
  buffer.note(3);
  assert.deepEqual(reopened(memory).left, {
    place,
    reads: [{ ...how, bytes: Uint8Array.of(1, 2, 3) }],
    openDamaged: false,
  });
});

Deno.test("CatchBuffer: a kill between the read and its count loses no byte", () => {
  const bytes = fc.uint8Array({ maxLength: 4096 });
  const waiting = fc.uint8Array({ maxLength: 100 });
  fc.assert(fc.property(bytes, fc.nat(4096), waiting, (bytes, more, waiting) => {
    const memory = new Uint8Array(catchBufferBytes);
    const buffer = new CatchBuffer(memory);
    if (waiting.length > 0) take(buffer, [...waiting]);
    const room = buffer.arm(place, bytes.length + more, how);
    const read = bytes.subarray(0, room.length);
    // The one case that the pattern cannot tell.
    fc.pre(read.length === 0 || read.at(-1) !== room[read.length - 1]);
    room.set(read);
    const left = reopened(memory).left?.reads.flatMap((each) => [...each.bytes]);
    assert.deepEqual(left, [...waiting, ...read]);
  }));
});

Deno.test("CatchBuffer: a kill before the read leaves no bytes", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  buffer.arm(place, 100, how).fill(7);
  buffer.note(100);
  buffer.keep(0, later);
  buffer.arm(later, 100, how);
  assert.deepEqual(reopened(memory).left?.reads, []);
});

Deno.test("CatchBuffer: nothing is left when all is in the journal, in new memory, or of another version", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  assert.equal(buffer.left, null);
  take(buffer, [1, 2, 3]);
  const other = new Uint8Array(memory);
  buffer.keep(0, later);
  assert.equal(reopened(memory).left, null);
  new DataView(other.buffer).setInt32(0, 1, true);
  assert.equal(reopened(other).left, null);
});

Deno.test("CatchBuffer: one read is never larger than what fits, however much waits", () => {
  const buffer = new CatchBuffer(new Uint8Array(catchBufferBytes));
  for (let round = 0; round < 4; round++) {
    const room = buffer.arm(place, 1_000_000, how);
    assert.equal(room.length, 4096);
    buffer.note(room.length);
  }
  assert.equal(buffer.arm(place, 10, how).length, 0);
});

Deno.test("CatchBuffer: what is undecided stays, and what was appended before it goes", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  take(buffer, [1, 2, 3]);
  buffer.keep(3, place);
  take(buffer, [4, 5], { setting: 2, timeMs: timeMs + 1000 });
  buffer.keep(5, place);
  const both = [
    { ...how, bytes: Uint8Array.of(1, 2, 3) },
    { setting: 2, timeMs: timeMs + 1000, bytes: Uint8Array.of(4, 5) },
  ];
  assert.deepEqual(reopened(memory).left, { place, reads: both, openDamaged: false });
  buffer.keep(3, later);
  const rest = [{ ...how, bytes: Uint8Array.of(3) }, ...both.slice(1)];
  assert.deepEqual(reopened(memory).left, { place: later, reads: rest, openDamaged: false });
  take(buffer, [6]);
  buffer.keep(1, place);
  assert.deepEqual(reopened(memory).left?.reads.map(({ bytes }) => [...bytes]), [[6]]);
});

Deno.test("CatchBuffer: where the journal has gone on, what is undecided belongs behind that", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  take(buffer, [1, 2]);
  buffer.keep(2, place);
  buffer.keep(2, later);
  assert.deepEqual(reopened(memory).left?.place, later);
  assert.deepEqual(reopened(memory).left?.reads.map(({ bytes }) => [...bytes]), [[1, 2]]);
});

Deno.test("CatchBuffer: of many short reads no byte is lost, and no setting mistaken", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  for (let i = 0; i < 2000; i++) {
    take(buffer, [i & 0xff], { setting: Math.floor(i / 100), timeMs: timeMs + 300 * i });
    buffer.keep(i + 1, place);
  }
  const reads = reopened(memory).left?.reads ?? [];
  for (let setting = 0; setting < 20; setting++) {
    const bytes = reads.filter((read) => read.setting === setting)
      .flatMap((read) => [...read.bytes]);
    assert.deepEqual(bytes, Array.from({ length: 100 }, (_, i) => (setting * 100 + i) & 0xff));
  }
});

Deno.test("CatchBuffer: that the open record is damaged outlives the process, too", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const buffer = new CatchBuffer(memory);
  buffer.openDamaged = true;
  assert.equal(reopened(memory).openDamaged, true);
  buffer.openDamaged = false;
  assert.equal(reopened(memory).openDamaged, false);
});

Deno.test("CatchBuffer: what was left is moved to another place, with a read that was killed before its count was noted", () => {
  const memory = new Uint8Array(catchBufferBytes);
  const killed = new CatchBuffer(memory);
  killed.arm(place, 100, { setting: 3, timeMs: 1000 }).set(bytesOf("noted "));
  killed.note(6);
  killed.arm(place, 100, { setting: 3, timeMs: 1000 }).set(bytesOf("unnoted"));
  const moved = { ...place, epoch: "e".repeat(32), nextSequence: 99, openLogBytes: 0 };
  new CatchBuffer(memory).moveTo(moved);
  const { left } = new CatchBuffer(memory);
  assert.deepEqual(left?.place, moved);
  assert.equal(left?.reads.map(({ bytes }) => textOf(bytes)).join(""), "noted unnoted");
});
