import assert from "node:assert/strict";
import {
  BRKINT,
  encodeMarks,
  IGNBRK,
  IGNPAR,
  INPCK,
  ISTRIP,
  PARMRK,
} from "../../src/simulate/marks.ts";
import type { Reception } from "../../src/simulate/uart.ts";

const received: readonly Reception[] = [
  { kind: "byte", byte: 0x41 },
  { kind: "byte", byte: 0xff },
  { kind: "break", byte: 0 },
  { kind: "framing", byte: 0x42 },
  { kind: "parity", byte: 0xff },
  { kind: "byte", byte: 0 },
];

function marked(flags: number): number[] {
  return [...encodeMarks(received, flags)];
}

Deno.test("PARMRK and INPCK mark breaks and damaged bytes, and double a true FF", () => {
  assert.deepEqual(
    marked(PARMRK | INPCK),
    [0x41, 0xff, 0xff, 0xff, 0, 0, 0xff, 0, 0x42, 0xff, 0, 0xff, 0],
  );
});

Deno.test("without INPCK a damaged byte passes unmarked", () => {
  assert.deepEqual(marked(PARMRK), [0x41, 0xff, 0xff, 0xff, 0, 0, 0x42, 0xff, 0xff, 0]);
  assert.deepEqual(marked(0), [0x41, 0xff, 0, 0x42, 0xff, 0]);
});

Deno.test("without PARMRK a damaged byte and a break become 00", () => {
  assert.deepEqual(marked(INPCK), [0x41, 0xff, 0, 0, 0, 0]);
});

Deno.test("IGNPAR drops damaged bytes, IGNBRK and BRKINT leave nothing of a break to read", () => {
  assert.deepEqual(marked(PARMRK | INPCK | IGNPAR), [0x41, 0xff, 0xff, 0xff, 0, 0, 0]);
  assert.deepEqual(marked(INPCK | IGNBRK), [0x41, 0xff, 0, 0, 0]);
  assert.deepEqual(marked(INPCK | BRKINT), [0x41, 0xff, 0, 0, 0]);
});

Deno.test("ISTRIP takes the top bit away, so that FF needs no doubling", () => {
  assert.deepEqual(marked(PARMRK | ISTRIP), [0x41, 0x7f, 0xff, 0, 0, 0x42, 0x7f, 0]);
});
