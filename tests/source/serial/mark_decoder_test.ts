import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeMarks, INPCK, PARMRK } from "../../../src/simulate/marks.ts";
import type { Reception, ReceptionKind } from "../../../src/simulate/uart.ts";
import { type Character, MarkDecoder } from "../../../src/source/serial/mark_decoder.ts";

const receptions = fc.array(fc.record({
  kind: fc.constantFrom<ReceptionKind>("byte", "framing", "parity"),
  byte: fc.oneof(fc.constantFrom(0, 0xff), fc.integer({ min: 0, max: 255 })),
}));

function decodeAll(...reads: readonly Uint8Array[]): Character[] {
  const decoder = new MarkDecoder();
  return reads.flatMap((read) => decoder.push(read));
}

/** What a decoder can know of a reception. */
function seen({ kind, byte }: Reception): Character {
  if (kind === "byte") return { kind, byte };
  return { kind: byte === 0 ? "break" : "damaged", byte };
}

Deno.test("MarkDecoder undoes what the kernel does under PARMRK, wherever reads cut it", () => {
  fc.assert(fc.property(receptions, fc.array(fc.nat(40)), (received, cuts) => {
    const marked = encodeMarks(received, PARMRK | INPCK);
    const reads: Uint8Array[] = [];
    let from = 0;
    for (const cut of cuts) {
      reads.push(marked.subarray(from, from + cut));
      from += cut;
    }
    reads.push(marked.subarray(from));
    assert.deepEqual(decodeAll(...reads), received.map(seen));
  }));
});

Deno.test("a break and a damaged NUL look alike", () => {
  const marks = encodeMarks(
    [{ kind: "break", byte: 0 }, { kind: "framing", byte: 0 }],
    PARMRK | INPCK,
  );
  const [first, second] = decodeAll(marks);
  assert.deepEqual(first, { kind: "break", byte: 0 });
  assert.deepEqual(second, first);
});

Deno.test("a mark is open until its last byte is read", () => {
  const decoder = new MarkDecoder();
  assert.deepEqual(decoder.push(Uint8Array.of(0x41, 0xff)), [{ kind: "byte", byte: 0x41 }]);
  assert.equal(decoder.pendingBytes, 1);
  assert.deepEqual(decoder.push(Uint8Array.of(0)), []);
  assert.equal(decoder.pendingBytes, 2);
  assert.deepEqual(decoder.push(Uint8Array.of(0x42)), [{ kind: "damaged", byte: 0x42 }]);
  assert.equal(decoder.pendingBytes, 0);
});

Deno.test("an FF that was read before marks were on loses neither itself nor what follows", () => {
  assert.deepEqual(decodeAll(Uint8Array.of(0xff, 0x41)), [
    { kind: "byte", byte: 0xff },
    { kind: "byte", byte: 0x41 },
  ]);
});
