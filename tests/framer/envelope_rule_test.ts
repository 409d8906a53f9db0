import assert from "node:assert/strict";
import { EnvelopeRule } from "../../src/framer/envelope_rule.ts";
import { RecordCutter } from "../../src/framer/record_cutter.ts";
import { atStart, framed, type FramedRecord } from "../support/framed_records.ts";

const usual = { startByte: 2, endByte: 3, checkByte: false };

function cut(options: Partial<typeof usual>, ...reads: string[]): FramedRecord[] {
  const rule = new EnvelopeRule({ ...usual, ...options });
  return framed(new RecordCutter({ rule, start: atStart }), reads);
}

Deno.test("a record goes from STX to ETX, both included", () => {
  assert.deepEqual(cut({}, "\x02one\x03\x02two\r\n\x03\x02th"), [
    ["\x02one\x03", "etx"],
    ["\x02two\r\n\x03", "etx"],
    ["\x02th", null],
  ]);
});

Deno.test("a check byte belongs to the record whatever its value is", () => {
  for (const check of ["\0", "\x02", "\x03", "\n", "x", "\xff"]) {
    assert.deepEqual(cut({ checkByte: true }, `\x02one\x03${check}\x02two\x03`, check), [
      [`\x02one\x03${check}`, "etx"],
      [`\x02two\x03${check}`, "etx"],
    ]);
  }
});

Deno.test("what stands between frames is a record of its own, up to the next frame", () => {
  assert.deepEqual(cut({}, "\x05", "\x05\x05", "\x02one\x03\x05"), [
    ["\x05\x05\x05", "next_begins"],
    ["\x02one\x03", "etx"],
    ["\x05", null],
  ]);
});

Deno.test("a silence ends what stands between frames as whole, and a frame as partial", () => {
  assert.deepEqual(cut({}, "\x05", "…", "\x02on", "…", "e\x03"), [
    ["\x05", "gap"],
    ["\x02on", "idle"],
    ["e\x03", "etx"],
  ]);
  assert.deepEqual(cut({ checkByte: true }, "\x02one\x03", "…"), [["\x02one\x03", "idle"]]);
});

Deno.test("a frame whose end is missing is broken off by the next one", () => {
  assert.deepEqual(cut({}, "\x02one\x02two\x03"), [["\x02one", "broken_off"], [
    "\x02two\x03",
    "etx",
  ]]);
});

Deno.test("a frame whose beginning is missing ends at its ETX, with its check byte", () => {
  assert.deepEqual(cut({}, "one\x03\x02two\x03"), [["one\x03", "etx"], ["\x02two\x03", "etx"]]);
  assert.deepEqual(cut({ checkByte: true }, "one\x03\x02\x02two\x03c"), [
    ["one\x03\x02", "etx"],
    ["\x02two\x03c", "etx"],
  ]);
});

Deno.test("start and end may be other bytes", () => {
  assert.deepEqual(cut({ startByte: 0x3c, endByte: 0x3e }, "<one>\x02<two>"), [
    ["<one>", "etx"],
    ["\x02", "next_begins"],
    ["<two>", "etx"],
  ]);
});
