// Whatever stands in the file: no exception, and every problem points at a place in it.

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { serialPort } from "./sample.ts";

function assertPointsInside(text: string): void {
  const loaded = parseConfig(text, "c.json");
  if (loaded.ok) return;
  assert.ok(loaded.problems.length > 0);
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const problem of loaded.problems) {
    const line = lines[problem.line - 1];
    assert.ok(line !== undefined, `line ${problem.line} of ${lines.length}`);
    assert.ok(problem.column >= 1 && problem.column <= line.length + 1, `column ${problem.column}`);
    assert.equal(problem.text.length, line.length);
    assert.notEqual(problem.message.trim(), "");
    formatProblem(problem);
  }
}

const sections = [
  "app",
  "ports",
  "detection",
  "nats",
  "logging",
  "journal",
  "monitoring",
  "recovery",
  "forwarder",
  "evidence",
  "alerts",
];
const keys = ["type", "device", "path", "host", "port", "listen_port", "url", "side_designation"]
  .concat("fips_code", "enabled", "tls", "framing", "baud_rates", "remote_url", "password", "_x");
const value = fc.jsonValue({ maxDepth: 3 });
const words = fc.constantFrom<unknown>(
  "",
  null,
  0,
  true,
  "A1",
  "1429010002",
  "/dev/x",
  "tcp",
  "http",
);
const section = fc.dictionary(fc.constantFrom(...keys), fc.oneof(words, value), { maxKeys: 6 });
const portLike = section.map((more) => ({ ...serialPort(), ...more }));
const fileLike = fc.dictionary(
  fc.constantFrom(...sections),
  fc.oneof(section, fc.array(fc.oneof(portLike, section, value), { maxLength: 3 }), value),
);

Deno.test("any JSON value is taken or has problems that point inside the text", () => {
  fc.assert(
    fc.property(value, fc.nat(3), (json, indent) => {
      assertPointsInside(JSON.stringify(json, null, indent));
    }),
    { numRuns: 300 },
  );
});

Deno.test("anything that looks like a file is taken or has problems that point inside it", () => {
  fc.assert(
    fc.property(fileLike, fc.nat(3), (json, indent) => {
      assertPointsInside(JSON.stringify(json, null, indent));
    }),
    { numRuns: 500 },
  );
});

Deno.test("any text, and any file with a piece cut out, has problems that point inside it", () => {
  const piece = fc.tuple(fileLike, fc.nat(), fc.nat(9)).map(([json, at, length]) => {
    const text = JSON.stringify(json, null, 1);
    const from = at % (text.length + 1);
    return text.slice(0, from) + text.slice(from + length);
  });
  const junk = fc.string({ unit: fc.constantFrom(..."{}[]\":,\\/*'0e-\n\r\t\uFEFF ax_") });
  fc.assert(fc.property(fc.oneof(piece, junk, fc.string()), assertPointsInside), { numRuns: 700 });
});
