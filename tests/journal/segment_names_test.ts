import assert from "node:assert/strict";
import { rotatedBase, rotatedNames } from "../../src/journal/segment_names.ts";

const timeMs = Date.UTC(2026, 0, 31, 12, 0, 0, 123);

Deno.test("a rotated segment carries its first sequence and UTC time in its name", () => {
  assert.equal(
    rotatedBase("1429010002-A1", 17, timeMs),
    "1429010002-A1.000000000017.20260131T120000Z",
  );
});

Deno.test("rotated segments are found once each, in order of their sequences", () => {
  const bases = [2, 10, 1, 1e12, 999_999_999_999].map((sequence) =>
    rotatedBase("1429010002-A1", sequence, timeMs)
  );
  const names = bases.flatMap((base) => [`${base}.log`, `${base}.idx`, `${base}.log.gz`]);
  const found = rotatedNames("1429010002-A1", names);
  assert.deepEqual(
    found.map(({ firstSequence }) => firstSequence),
    [1, 2, 10, 999_999_999_999, 1e12],
  );
  assert.equal(found[0]?.base, bases[2]);
});

Deno.test("other files of the folder are no rotated segments", () => {
  const names = [
    "1429010002-A1.log",
    "1429010002-A1.idx",
    "1429010002-A1.next.log",
    "1429010002-A1.000000000001.20260131T120000Z.log.gz.tmp",
    "1429010002-A1.000000000001.20260131T120000Z",
    "1429010002-A1.1.20260131T120000Z.log",
    "1429010002-A1.000000000001.yesterday.log",
    "1429010002-A16.000000000001.20260131T120000Z.log",
    "x1429010002-A1.000000000001.20260131T120000Z.log",
  ];
  assert.deepEqual(rotatedNames("1429010002-A1", names), []);
});
