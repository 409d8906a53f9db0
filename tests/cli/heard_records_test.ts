import assert from "node:assert/strict";
import { HeardRecords } from "../../src/cli/heard_records.ts";
import type { Run } from "../../src/source/source.ts";

function run(text: string, damaged = false): Run {
  return { bytes: new TextEncoder().encode(text), timeMs: 0, damaged };
}

Deno.test("records end with their line, however it arrives, and say whether they were damaged", () => {
  const records = new HeardRecords();
  const got = [
    ...records.push([run("one\r\ntw"), run("x", true), run("o\r")]),
    ...records.push([run("\nthr"), run("", true), run("ee\n"), run("four\n")]),
  ].map(({ bytes, damaged, partial }) => [new TextDecoder().decode(bytes), damaged, partial]);
  assert.deepEqual(got, [
    ["one", false, false],
    ["twxo", true, false],
    ["three", true, false],
    ["four", false, false],
  ]);
  assert.deepEqual(records.flush(), []);
});

Deno.test("what has no end is a record when the line falls silent; of a long one the beginning is kept", () => {
  const records = new HeardRecords();
  assert.deepEqual(records.push([run("no end")]), []);
  assert.deepEqual(records.flush().map(({ length, partial }) => [length, partial]), [[6, true]]);
  const [long] = records.push([run("x".repeat(150)), run("y".repeat(150)), run("\n")]);
  assert.deepEqual([long?.bytes.length, long?.length, long?.bytes[199]], [200, 300, 0x79]);
});

Deno.test("what was read before the line was set otherwise is a record of its own", () => {
  const records = new HeardRecords();
  const got = records.push([run("misread"), { ...run("call\n"), begins: true }]);
  assert.deepEqual(got.map(({ length, partial }) => [length, partial]), [[7, true], [4, false]]);
});
