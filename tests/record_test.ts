import assert from "node:assert/strict";
import fc from "fast-check";
import { channelName, RecordHeader, recordMark } from "../src/record.ts";

const channel = { fips: "1429010002", side: "A1" };
const header = new RecordHeader(channel);
const timeMs = Date.UTC(2025, 11, 3, 15, 4, 5, 123);
const text = "[1429010002][A1][2025-12-03 15:04:05.123] ";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

Deno.test("a header is written as people know it", () => {
  const target = new Uint8Array(60).fill(0x2e);
  const behind = header.write(target, 3, timeMs);
  assert.equal(new TextDecoder().decode(target), `...${text}${".".repeat(57 - text.length)}`);
  assert.equal(behind, 3 + text.length);
  assert.equal(header.length, text.length);
});

Deno.test("a side of three characters fits as well", () => {
  const a16 = new RecordHeader({ fips: "1429010002", side: "A16" });
  const target = new Uint8Array(a16.length);
  a16.write(target, 0, timeMs);
  assert.equal(new TextDecoder().decode(target), text.replace("A1", "A16"));
  assert.equal(a16.read(target, 0), timeMs);
  assert.equal(header.read(target, 0), null, "A1 is not A16");
  assert.equal(a16.read(bytesOf(`${text} `), 0), null, "A16 is not A1");
});

Deno.test("read() gives back the time that write() was given, anywhere in the buffer", () => {
  const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
  fc.assert(fc.property(times, fc.nat(20), (time, offset) => {
    const target = new Uint8Array(offset + header.length);
    header.write(target, offset, time);
    assert.equal(header.read(target, offset), time);
  }));
});

Deno.test("a header with any byte changed is another time or none", () => {
  const bytes = bytesOf(text);
  for (let at = 0; at < bytes.length; at++) {
    for (let value = 0; value < 256; value++) {
      if (value === bytes[at]) continue;
      const changed = bytes.with(at, value);
      const read = header.read(changed, 0);
      if (read === null) continue;
      const again = new Uint8Array(header.length);
      header.write(again, 0, read);
      assert.deepEqual(again, changed, `byte ${at} is ${value}`);
    }
  }
});

Deno.test("times that no clock shows are no header", () => {
  const impossible = [
    "2025-02-29 15:04:05.123",
    "2025-13-03 15:04:05.123",
    "2025-04-31 15:04:05.123",
    "2025-12-03 24:00:00.000",
    "2025-12-03 15:60:05.123",
    "2025-12-03 15:04:60.123",
    "2025-12-00 15:04:05.123",
  ];
  for (const time of impossible) {
    assert.equal(header.read(bytesOf(`[1429010002][A1][${time}] `), 0), null, time);
  }
  assert.notEqual(header.read(bytesOf("[1429010002][A1][2024-02-29 15:04:05.123] "), 0), null);
});

Deno.test("a header that is not whole is none", () => {
  for (let length = 0; length < text.length; length++) {
    assert.equal(header.read(bytesOf(text).subarray(0, length), 0), null);
  }
});

Deno.test("a channel is called by its code and side", () => {
  assert.equal(channelName(channel), "1429010002-A1");
});

Deno.test("an end says whether bytes may stand elsewhere", () => {
  const byTheirFraming = ["etx", "gap", "length", "next_begins", "message"] as const;
  for (const end of ["line_feed", "carriage_return", "recovered", ...byTheirFraming] as const) {
    assert.equal(recordMark(end), "whole");
  }
  assert.equal(recordMark("too_long"), "cut");
  for (const end of ["idle", "hang_up", "stop", "reboot", "broken_off"] as const) {
    assert.equal(recordMark(end), "partial");
  }
});
