import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import {
  isTorn,
  type LogStretch,
  scanLog,
  startOfLoss,
  startOfNulls,
} from "../../src/journal/log_scan.ts";
import type { ReadFile } from "../../src/platform/disk.ts";
import { RecordHeader } from "../../src/record.ts";
import { bytesOf, channel, headerText, timeMs } from "../support/journal_box.ts";

const header = new RecordHeader(channel);

function fileOf(bytes: Uint8Array): ReadFile {
  const readNow = (buffer: Uint8Array, offset: number): number => {
    const part = bytes.subarray(offset, offset + buffer.length);
    buffer.set(part);
    return part.length;
  };
  return {
    readNow,
    read: (buffer, offset) => Promise.resolve(readNow(buffer, offset)),
    size: () => bytes.length,
    close: () => {},
  };
}

function scan(text: string, chunkBytes?: number, from = 0): LogStretch[] {
  const log = fileOf(bytesOf(text));
  const size = chunkBytes === undefined ? {} : { chunkBytes };
  return [...scanLog({ log, from, header, ...size })];
}

/** Kind and text of each stretch. */
function pieces(text: string, chunkBytes?: number): [string, string][] {
  return scan(text, chunkBytes).map(({ kind, offset, length }) => [
    kind,
    text.slice(offset, offset + length),
  ]);
}

Deno.test("records and an open one are found with time and checksum", () => {
  const text = `${headerText}one\n${headerText}tw`;
  const one = `${headerText}one\n`.length;
  assert.deepEqual(scan(text), [
    {
      kind: "record",
      offset: 0,
      length: one,
      timeMs,
      checksum: crc32(bytesOf(text.slice(0, one))),
    },
    {
      kind: "open",
      offset: one,
      length: text.length - one,
      timeMs,
      checksum: crc32(bytesOf(text.slice(one))),
    },
  ]);
});

Deno.test("a line without a header belongs to the record before it, or to nobody", () => {
  const record = `${headerText}one\ntwo\n\nthree\n`;
  assert.deepEqual(pieces(`stray\nmore\n${record}${headerText}four\n`), [
    ["stray", "stray\nmore\n"],
    ["record", record],
    ["record", `${headerText}four\n`],
  ]);
});

Deno.test("NULs at the end belong to nobody", () => {
  const nulls = "\0".repeat(100);
  const record = `${headerText}one\n`;
  assert.deepEqual(pieces(record + nulls), [["record", record], ["stray", nulls]]);
  assert.deepEqual(pieces(nulls), [["stray", nulls]]);
});

Deno.test("a header torn at any byte at the end belongs to nobody", () => {
  const record = `${headerText}one\n`;
  for (let length = 1; length < headerText.length; length++) {
    const torn = headerText.slice(0, length);
    assert.deepEqual(pieces(record + torn), [["record", record], ["stray", torn]]);
  }
  assert.deepEqual(pieces(record + headerText), [["record", record], ["open", headerText]]);
});

Deno.test("an empty log, and the end of one, hold nothing", () => {
  assert.deepEqual(scan(""), []);
  assert.deepEqual(scan(headerText, undefined, headerText.length), []);
});

Deno.test("the first lost block begins where NULs begin that reach to a block's end, or the log's", () => {
  const begun = `${headerText}one\n${headerText}tw`;
  for (const end of [512, 1024, 4096]) {
    const log = fileOf(bytesOf(`${begun.padEnd(end, "\0")}o\n${headerText}three\n`));
    assert.equal(startOfLoss(log, 0), begun.length, `${end}`);
    assert.equal(startOfLoss(log, begun.length + 1), begun.length + 1, `${end}, from within`);
  }
  assert.equal(startOfLoss(fileOf(bytesOf(`${begun}\0\0`)), 0), begun.length);
  const whole = `${headerText}t\0\0\0wo\n`.padEnd(600, "x");
  assert.equal(startOfLoss(fileOf(bytesOf(whole)), 0), whole.length, "NULs that end elsewhere");
  const before = "x".repeat(510) + "\0\0" + "x".repeat(100);
  assert.equal(startOfLoss(fileOf(bytesOf(before)), 512), before.length, "what comes before");
});

Deno.test("a line is torn when it is not all there or reaches into a lost block", () => {
  const block = (text: string, to = 512): string => text.padEnd(to, "\0");
  const cases: [string, number, number, boolean][] = [
    ["one\ntwo\n", 4, 8, false],
    ["one\ntwo\n", 4, 9, true],
    ["one\nt\0\0\0", 4, 8, true],
    ["one\nt\0\0\0", 0, 4, false],
    [block("one\nt") + "wo\n", 4, 515, true],
    [block("one\nt") + "wo\n", 0, 4, false],
    // The lost block goes on behind the line, and behind that the log.
    [block("one\nt") + "four\n", 4, 8, true],
    [block("one\nt", 511) + "four\n", 4, 8, false],
    ["one\nt\0o\n", 4, 8, false],
  ];
  for (const [text, from, to, torn] of cases) {
    const log = fileOf(bytesOf(text));
    assert.equal(isTorn(log, from, to), torn, JSON.stringify([text.length, from, to]));
    assert.equal(startOfLoss(log, Math.min(from, text.length)) < to, torn);
  }
});

Deno.test("where the NULs at a log's end begin is found, whatever their number", () => {
  for (const count of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    const log = fileOf(bytesOf(`a\0b${"\0".repeat(count)}`));
    assert.equal(startOfNulls(log, 0), 3, `${count}`);
    assert.equal(startOfNulls(log, 2), 3, `${count}`);
    assert.equal(startOfNulls(log, 3), 3, `${count}`);
  }
});

Deno.test("a scan ends where it is told to, and not behind the log", () => {
  const one = `${headerText}one\n`;
  const log = fileOf(bytesOf(`${one}${headerText}two\n`));
  const found = [...scanLog({ log, from: 0, to: one.length, header })];
  assert.deepEqual(found.map(({ length }) => length), [one.length]);
  const beyond = [...scanLog({ log, from: one.length, to: 1000, header })];
  assert.deepEqual(beyond.map(({ kind, length }) => [kind, length]), [["record", one.length]]);
});

Deno.test("the stretches cover the log without a gap, whatever the size of a read", () => {
  const piece = fc.constantFrom(headerText, "a", "\n", "\0", "[1429010002]", "text \r", "x\n");
  fc.assert(fc.property(fc.array(piece), fc.integer({ min: 1, max: 200 }), (parts, chunkBytes) => {
    const text = parts.join("");
    const found = scan(text, chunkBytes);
    let end = 0;
    for (const { offset, length } of found) {
      assert.equal(offset, end);
      end += length;
    }
    assert.equal(end, text.length);
    assert.deepEqual(found, scan(text));
  }));
});
