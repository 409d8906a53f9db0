// The house rules that a reader relies on: imports only run downwards, no two files need each other,
// and every file says first why it exists.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const root = new URL("../src", import.meta.url).pathname;

/** From the bottom: a stage may import itself and the levels before its own. */
const levels: readonly (readonly string[])[] = [
  ["line_header.ts", "platform"],
  ["record.ts"],
  ["config"],
  ["source", "framer"],
  ["journal", "install"],
  ["simulate", "delivery", "channel"],
  ["telemetry", "control"],
  ["doctor"],
  ["collector.ts"],
  ["cli"],
  ["main.ts"],
];

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"));

/** Files of ours that each file imports, as paths below src. */
const imports = new Map(files.map((file) => {
  const text = readFileSync(join(root, file), "utf8");
  const paths = [...text.matchAll(/ from "(\.[^"]+)"/g)].map(([, path]) => path ?? "");
  return [file, paths.map((path) => normalize(join(dirname(file), path)))];
}));

function stageOf(file: string): string {
  return file.split("/")[0] ?? file;
}

function levelOf(file: string): number {
  return levels.findIndex((stages) => stages.includes(stageOf(file)));
}

Deno.test("every file belongs to a stage", () => {
  assert.deepEqual(files.filter((file) => levelOf(file) < 0), []);
});

Deno.test("imports run downwards only", () => {
  const upwards = [...imports].flatMap(([file, paths]) =>
    paths
      .filter((path) => !path.startsWith(".."))
      .filter((path) => stageOf(path) !== stageOf(file) && levelOf(path) >= levelOf(file))
      .map((path) => `${file} imports ${path}`)
  );
  assert.deepEqual(upwards, []);
});

Deno.test("no file needs itself by way of others", () => {
  const done = new Set<string>();
  const visit = (file: string, above: readonly string[]): void => {
    assert.ok(!above.includes(file), [...above, file].join(" → "));
    if (done.has(file)) return;
    for (const path of imports.get(file) ?? []) visit(path, [...above, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

Deno.test("every source file opens by saying why it exists, and stays readable", () => {
  for (const file of files) {
    const lines = readFileSync(join(root, file), "utf8").trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^\/\/ [A-Z`]/, file);
    assert.ok(lines.length <= 300, `${file} has ${lines.length} lines`);
  }
});

Deno.test("zod is imported as a whole, of which a bundle takes what is used", () => {
  // By its name `z` it brings its sentences in forty languages along: 5 MB of memory.
  const wrong = files.filter((file) =>
    /^import (?!(type )?\* as z ).* from "zod"/m.test(readFileSync(join(root, file), "utf8"))
  );
  assert.deepEqual(wrong, []);
});
