import assert from "node:assert/strict";
import { LengthRule } from "../../src/framer/length_rule.ts";
import { RecordCutter } from "../../src/framer/record_cutter.ts";
import { atStart, framed, type FramedRecord } from "../support/framed_records.ts";

function cut(lengthBytes: number, ...reads: string[]): FramedRecord[] {
  return framed(new RecordCutter({ rule: new LengthRule({ lengthBytes }), start: atStart }), reads);
}

Deno.test("records have the length that was asked for, whatever bytes are in them", () => {
  assert.deepEqual(cut(4, "ab\r\n\0\x02cd", "ef"), [
    ["ab\r\n", "length"],
    ["\0\x02cd", "length"],
    ["ef", null],
  ]);
  assert.deepEqual(cut(1, "ab"), [["a", "length"], ["b", "length"]]);
});

Deno.test("a silence ends a record that is too short, and the next one is cut rightly again", () => {
  assert.deepEqual(cut(3, "abcab", "…", "abc"), [
    ["abc", "length"],
    ["ab", "idle"],
    ["abc", "length"],
  ]);
});
