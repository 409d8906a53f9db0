import assert from "node:assert/strict";
import { MultiLineRule } from "../../src/framer/multi_line_rule.ts";
import { RecordCutter } from "../../src/framer/record_cutter.ts";
import { atStart, framed, type FramedRecord } from "../support/framed_records.ts";

/** Lines that begin with `&` continue a record. */
function continued(...reads: string[]): FramedRecord[] {
  const rule = new MultiLineRule((byte) => byte !== "&".charCodeAt(0));
  return framed(new RecordCutter({ rule, start: atStart }), reads);
}

/** Lines that begin with `-` begin one. */
function begun(...reads: string[]): FramedRecord[] {
  const rule = new MultiLineRule((byte) => byte === "-".charCodeAt(0));
  return framed(new RecordCutter({ rule, start: atStart }), reads);
}

Deno.test("a record goes up to the line that does not continue it, line ends included", () => {
  assert.deepEqual(continued("one\r\n& more\r\n& and more\r\ntwo\r\n"), [
    ["one\r\n& more\r\n& and more\r\n", "next_begins"],
    ["two\r\n", null],
  ]);
});

Deno.test("LF, CRLF and CR alone end a line, also when a read ends within them", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = `one${end}&${end}two${end}three`;
    const records = [[`one${end}&${end}`, "next_begins"], [`two${end}`, "next_begins"], [
      "three",
      null,
    ]];
    for (let at = 0; at <= text.length; at++) {
      assert.deepEqual(continued(text.slice(0, at), text.slice(at)), records, `${end}, ${at}`);
    }
  }
});

Deno.test("a character that continues counts only at the beginning of a line", () => {
  assert.deepEqual(continued("a & b\r\nc"), [["a & b\r\n", "next_begins"], ["c", null]]);
  assert.deepEqual(begun("-a - b\r\nc-\r\n-"), [["-a - b\r\nc-\r\n", "next_begins"], ["-", null]]);
});

Deno.test("a blank line does not continue a record, and does not begin one where that has a mark", () => {
  assert.deepEqual(continued("a\r\n\r\nb"), [
    ["a\r\n", "next_begins"],
    ["\r\n", "next_begins"],
    ["b", null],
  ]);
  assert.deepEqual(begun("-a\r\n\r\nb\r\n-"), [["-a\r\n\r\nb\r\n", "next_begins"], ["-", null]]);
});

Deno.test("padding behind a line belongs to it and does not hide how the next one begins", () => {
  assert.deepEqual(continued("a\r\n\0\0\0& b\r\n\0\0c"), [
    ["a\r\n\0\0\0& b\r\n\0\0", "next_begins"],
    ["c", null],
  ]);
  assert.deepEqual(begun("-a\r\n\0\0\0-b"), [["-a\r\n\0\0\0", "next_begins"], ["-b", null]]);
  assert.deepEqual(begun("-a\r\0\n-b"), [["-a\r\0\n", "next_begins"], ["-b", null]]);
  assert.deepEqual(begun("\0\0-a"), [["\0\0-a", null]], "it is no record by itself");
});

Deno.test("what comes before the first line that begins a record is a record", () => {
  assert.deepEqual(begun("rest of one\r\n-a\r\n"), [["rest of one\r\n", "next_begins"], [
    "-a\r\n",
    null,
  ]]);
  assert.deepEqual(continued("& rest of one\r\na\r\n"), [["& rest of one\r\n", "next_begins"], [
    "a\r\n",
    null,
  ]]);
});

Deno.test("a silence behind a line ends the record as whole, within a line as partial", () => {
  assert.deepEqual(continued("a\r\n& b\r\n", "…", "c"), [["a\r\n& b\r\n", "gap"], ["c", null]]);
  assert.deepEqual(continued("a\r", "…"), [["a\r", "gap"]]);
  assert.deepEqual(continued("a\r\n\0", "…"), [["a\r\n\0", "gap"]]);
  assert.deepEqual(continued("a\r\n& b", "…"), [["a\r\n& b", "idle"]]);
  assert.deepEqual(continued("\0", "…"), [["\0", "idle"]]);
});
