import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonBehindHeader, jsonHeader } from "../../src/telemetry/json_lines.ts";

const timeMs = Date.UTC(2025, 11, 3, 15, 4, 5, 123);

function lineOf(timeMs: number, fields: Readonly<Record<string, unknown>>): Uint8Array {
  const head = new Uint8Array(jsonHeader.length);
  jsonHeader.write(head, 0, timeMs);
  return Uint8Array.of(...head, ...jsonBehindHeader(fields));
}

Deno.test("an object behind its header is one line of JSON that begins with its time", () => {
  const line = new TextDecoder().decode(lineOf(timeMs, { type: "device_gone", msg: "gone" }));
  assert.equal(line, '{"ts":"2025-12-03T15:04:05.123Z","type":"device_gone","msg":"gone"}');
});

Deno.test("whatever stands in an object, its line is found by its header and is read back", () => {
  const time = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
  const fields = fc.dictionary(
    fc.string({ unit: "binary" }).filter((key) => key !== "ts" && key !== "__proto__"),
    fc.jsonValue({ maxDepth: 1 }),
    { minKeys: 1 },
  );
  fc.assert(fc.property(time, fields, (timeMs, fields) => {
    const line = lineOf(timeMs, fields);
    assert.equal(line.indexOf(0x0a), -1, "a line feed would end the record");
    assert.equal(jsonHeader.read(line, 0), timeMs);
    const expected = { ts: new Date(timeMs).toISOString(), ...fields };
    assert.deepEqual(
      JSON.parse(new TextDecoder().decode(line)),
      JSON.parse(JSON.stringify(expected)),
    );
  }));
});

Deno.test("a header of JSON lines that any byte of was changed is another time or none", () => {
  const bytes = lineOf(timeMs, { type: "a" }).subarray(0, jsonHeader.length);
  for (let at = 0; at < bytes.length; at++) {
    for (let value = 0; value < 256; value++) {
      if (value === bytes[at]) continue;
      const read = jsonHeader.read(bytes.with(at, value), 0);
      if (read === null) continue;
      const again = new Uint8Array(jsonHeader.length);
      jsonHeader.write(again, 0, read);
      assert.deepEqual(again, bytes.with(at, value), `byte ${at} is ${value}`);
    }
  }
});

Deno.test("a header of JSON lines that is not whole is none, and may be one that is torn", () => {
  const bytes = lineOf(timeMs, { type: "a" }).subarray(0, jsonHeader.length);
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(jsonHeader.read(bytes.subarray(0, length), 0), null);
    assert.equal(jsonHeader.isTorn(bytes.subarray(0, length)), true);
  }
  assert.equal(jsonHeader.isTorn(bytes), false);
  assert.equal(jsonHeader.isTorn(new TextEncoder().encode('{"t":')), false);
});
