// The document of raw capture shows lines as they are written, and names every mark.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RawLines } from "../../src/channel/raw/raw_lines.ts";
import { bytesIn, readRawText } from "../support/raw_lines.ts";

const document = readFileSync(
  join(new URL("../../", import.meta.url).pathname, "docs/raw-capture.md"),
  "utf8",
);

Deno.test("the lines that the document shows are written just so", () => {
  const [, sample = ""] = /```\n(\d{4}-[^`]+)```/.exec(document) ?? [];
  const lines = readRawText(sample);
  assert.ok(lines.length >= 8);
  const writer = new RawLines();
  const written = lines.map(({ timeMs, settings, bytes, note }) => {
    const moment = { timeMs, settings };
    const [, missing, reads, until, why = ""] =
      /^missing (\d+) bytes of (\d+) reads, until (.{24}): (.*)$/.exec(note) ?? [];
    if (until === undefined) {
      const entry = bytes === null ? { ...moment, note } : { ...moment, bytes };
      return writer.of({ entries: [entry], gap: null }, "").join("");
    }
    const untilMs = Date.parse(until.replace(" ", "T"));
    const gap = { ...moment, bytes: Number(missing), reads: Number(reads), untilMs };
    return writer.of({ entries: [], gap }, why).join("");
  });
  assert.equal(written.join(""), sample);
});

Deno.test("what the document says of escapes and marks is so", () => {
  const rows = [...document.matchAll(/^\| (`.*`.*) \| .* \| `([0-9A-F ]+)` \|$/gm)];
  assert.deepEqual(rows.map(([, text]) => text), [
    "`\\xFF`",
    "`\\<damaged:41>`",
    "`\\<break>`",
  ]);
  for (const [, text = "", bytes = ""] of rows) {
    const expected = bytes.split(" ").map((byte) => parseInt(byte, 16));
    assert.deepEqual([...bytesIn(`"${text.slice(1, -1)}"`)], expected);
  }
});
