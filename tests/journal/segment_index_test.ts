import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeIndexEntry,
  decodeIndexHeader,
  encodeIndexEntry,
  encodeIndexHeader,
  indexEntryBytes,
  indexHeaderBytes,
  recordEnds,
} from "../../src/journal/segment_index.ts";

const header = { firstSequence: 123_456_789_012, epoch: "0123456789abcdef0123456789abcdef" };
const entry = {
  offset: 0x1234_5678_9abc,
  length: 153,
  timeMs: Date.UTC(2025, 11, 3, 15, 4, 5, 123),
  end: "carriage_return",
  damaged: true,
  checksum: 0xdeadbeef,
} as const;

function encoded(): Uint8Array {
  const bytes = new Uint8Array(indexEntryBytes);
  encodeIndexEntry(bytes, 0, entry);
  return bytes;
}

/** Every way to flip one bit. */
function* flips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const at = Math.floor(bit / 8);
    yield bytes.with(at, (bytes[at] ?? 0) ^ (1 << (bit % 8)));
  }
}

Deno.test("a header reads as it was written", () => {
  assert.equal(encodeIndexHeader(header).length, indexHeaderBytes);
  const previousSequence = header.firstSequence - 1;
  assert.deepEqual(decodeIndexHeader(encodeIndexHeader(header)), { ...header, previousSequence });
  const skipping = { ...header, previousSequence: 3 };
  assert.deepEqual(decodeIndexHeader(encodeIndexHeader(skipping)), skipping);
});

Deno.test("an entry reads as it was written, at any place and beyond 4 GiB", () => {
  const arbitrary = fc.record({
    offset: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
    length: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    timeMs: fc.integer({ min: 0, max: 8.64e15 }),
    end: fc.constantFrom(...recordEnds),
    damaged: fc.boolean(),
    checksum: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  });
  fc.assert(fc.property(arbitrary, fc.nat(3), (entry, place) => {
    const bytes = new Uint8Array(4 * indexEntryBytes);
    encodeIndexEntry(bytes, place * indexEntryBytes, entry);
    assert.deepEqual(decodeIndexEntry(bytes, place * indexEntryBytes), { ...entry });
  }));
});

Deno.test("the bytes on disk are what the format says", () => {
  const head = encodeIndexHeader({ firstSequence: 258, epoch: header.epoch });
  assert.equal(new TextDecoder("latin1").decode(head.subarray(0, 8)), "NCINDEX\x01");
  assert.deepEqual([...head.subarray(8, 16)], [2, 1, 0, 0, 0, 0, 0, 0]);
  assert.equal(new TextDecoder().decode(head.subarray(16, 48)), header.epoch);
  const bytes = encoded();
  assert.deepEqual([...bytes.subarray(0, 8)], [0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0x81, 0]);
  assert.deepEqual([...bytes.subarray(16, 28)], [153, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde, 0, 0, 0, 0]);
});

Deno.test("every flipped bit of a header is noticed", () => {
  for (const bytes of flips(encodeIndexHeader(header))) {
    assert.equal(decodeIndexHeader(bytes), null);
  }
});

Deno.test("every flipped bit of an entry is noticed", () => {
  for (const bytes of flips(encoded())) assert.equal(decodeIndexEntry(bytes, 0), null);
});

Deno.test("zeros, and what is not whole, are no header and no entry", () => {
  assert.equal(decodeIndexHeader(new Uint8Array(indexHeaderBytes)), null);
  assert.equal(decodeIndexEntry(new Uint8Array(indexEntryBytes), 0), null);
  assert.equal(decodeIndexHeader(encodeIndexHeader(header).subarray(0, 63)), null);
  assert.equal(decodeIndexEntry(encoded().subarray(0, 31), 0), null);
  assert.equal(decodeIndexEntry(encoded(), 1), null);
});

Deno.test("how a record ended keeps its number: files of every version stay readable", () => {
  const numbers = Object.fromEntries(recordEnds.map((end, number) => [end, number]));
  assert.deepEqual(numbers, {
    line_feed: 0,
    carriage_return: 1,
    too_long: 2,
    idle: 3,
    hang_up: 4,
    stop: 5,
    recovered: 6,
    reboot: 7,
    etx: 8,
    gap: 9,
    length: 10,
    next_begins: 11,
    broken_off: 12,
    message: 13,
  });
});
