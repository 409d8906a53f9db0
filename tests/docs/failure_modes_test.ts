// The document of failure modes names only what exists: every test, under its name, and every kind
// of notice.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allKinds } from "./kind_tables.ts";

const root = new URL("../../", import.meta.url).pathname;
const document = readFileSync(join(root, "docs/failure-modes.md"), "utf8");

interface Row {
  readonly failure: string;
  readonly says: string;
  readonly tests: readonly string[];
}

/** The rows of all tables whose last column is called `test`. */
const rows = [...document.matchAll(/^\| failure \|.* \| test \|\n\| ---.*\n((?:\|.*\n)+)/gm)]
  .flatMap(([, body = ""]) => body.trimEnd().split("\n"))
  .map((line): Row => {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
    assert.equal(cells.length, 6, line);
    const [failure = "", , , says = "", , tests = ""] = cells;
    return { failure, says, tests: tests.split("<br>") };
  });

/** `name` as a test is given it in a source file, `…` being whatever stands there. */
function definition(name: string): RegExp {
  const pattern = name.split("…").map(escaped).join(".*");
  return new RegExp(`test\\(\\s*(?:"${pattern}"|\`${pattern}\`)`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

Deno.test("docs: every failure mode names a test that exists, or says why there is none", () => {
  const missing = rows.flatMap(({ failure, tests }) =>
    tests.flatMap((each) => {
      if (each.startsWith("none: ")) return [];
      const [, path, name] = /^`(tests\/[^`]+_test\.ts)`: (.+)$/.exec(each) ?? [];
      if (path === undefined || name === undefined) return [`${failure}: ${each}`];
      try {
        const text = readFileSync(join(root, path), "utf8");
        return definition(name).test(text) ? [] : [`${failure}: not in ${path}: ${name}`];
      } catch {
        return [`${failure}: no file ${path}`];
      }
    })
  );
  assert.deepEqual(missing, []);
  assert.doesNotMatch(document, /TODO/);
  assert.ok(rows.length > 60, `only ${rows.length} rows`);
});

Deno.test("docs: every notice that a failure mode names exists", () => {
  const unknown = rows.flatMap(({ failure, says }) =>
    [...says.matchAll(/`([a-z]+(?:_[a-z]+)*)`/g)].map(([, kind = ""]) => kind)
      .filter((kind) => !allKinds.has(kind))
      .map((kind) => `${failure}: ${kind}`)
  );
  assert.deepEqual(unknown, []);
});
