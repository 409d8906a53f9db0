// The document of framings shows only what can be configured, and leaves none out.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { recordEnds } from "../../src/journal/segment_index.ts";
import { recordMark } from "../../src/record.ts";
import { framings } from "../support/framed_records.ts";
import { configOf, sample, serialPort } from "../config/sample.ts";

const document = readFileSync(
  join(new URL("../../", import.meta.url).pathname, "docs/framings.md"),
  "utf8",
);

Deno.test("every framing that the document shows is one, and every one is shown", () => {
  const shown = [...document.matchAll(/\{ "mode": [^}]*\}/g)].map(([text]) => text);
  assert.ok(shown.length >= 8);
  const modes = shown.map((text) => {
    const [port] = configOf(sample({ ports: [serialPort({ framing: JSON.parse(text) })] })).ports;
    return port?.framing.mode;
  });
  assert.deepEqual(new Set(modes), new Set(["line", ...framings.map(({ mode }) => mode)]));
});

Deno.test("the document says of every end what its mark is", () => {
  for (const end of recordEnds) {
    const row = document.split("\n").find((line) =>
      line.startsWith("| `") && line.split("|")[1]?.includes(`\`${end}\``)
    );
    assert.ok(row !== undefined, end);
    const mark = row.split("|")[3]?.trim() ?? "";
    if (recordMark(end) === "whole") assert.equal(mark, "", end);
    else assert.match(mark, new RegExp(`^\`${recordMark(end)}; `), end);
  }
});
