import assert from "node:assert/strict";
import { configJsonSchema } from "../../src/config/schema_json.ts";
import { assertProblem, configOf, type Json, problemsOf, sample, serialPort } from "./sample.ts";

function file(framing: unknown): Json {
  return sample({ ports: [serialPort({ framing })] });
}

Deno.test("framing.mode names all modes when another is given", () => {
  assertProblem(
    file({ mode: "lines" }),
    "ports[0].framing.mode",
    /must be "line", "stx_etx", "idle", "fixed", "continuation" or "pattern"; found "lines"/,
  );
});

const complete: readonly [Json, Json][] = [
  [{}, { mode: "line" }],
  [{ mode: "line" }, { mode: "line" }],
  [{ mode: "stx_etx" }, { mode: "stx_etx", start_byte: 2, end_byte: 3, check_byte: false }],
  [
    { mode: "stx_etx", start_byte: 0, end_byte: 255, check_byte: true },
    { mode: "stx_etx", start_byte: 2, end_byte: 255, check_byte: true },
  ],
  [{ mode: "idle" }, { mode: "idle", gap_ms: 500 }],
  [{ mode: "idle", gap_ms: 20 }, { mode: "idle", gap_ms: 20 }],
  [{ mode: "fixed", length_bytes: 80 }, { mode: "fixed", length_bytes: 80 }],
  [{ mode: "continuation" }, { mode: "continuation", continuation_characters: "& \t" }],
  [
    { mode: "continuation", continuation_characters: "" },
    { mode: "continuation", continuation_characters: "& \t" },
  ],
  [
    { mode: "pattern", first_characters: "0-9A-Z" },
    { mode: "pattern", first_characters: "0-9A-Z" },
  ],
];

for (const [keys, expected] of complete) {
  Deno.test(`framing ${JSON.stringify(keys)} is completed with defaults`, () => {
    assert.deepEqual(configOf(file(keys)).ports[0]?.framing, expected);
  });
}

const refused: readonly [Json, string, RegExp][] = [
  [{ mode: "stx_etx", start_byte: 256 }, "start_byte", /whole number from 1 to 255/],
  [{ mode: "stx_etx", end_byte: "\x03" }, "end_byte", /whole number from 1 to 255/],
  [{ mode: "stx_etx", end_byte: 2 }, "end_byte", /another byte than start_byte; found 2/],
  [{ mode: "stx_etx", start_byte: 3 }, "end_byte", /another byte than start_byte/],
  [{ mode: "stx_etx", check_byte: 1 }, "check_byte", /true or false/],
  [{ mode: "idle", gap_ms: 19 }, "gap_ms", /from 20 to 3600000 milliseconds/],
  [{ mode: "fixed" }, "length_bytes", /missing: it must be a whole number from 1 to 1047552 bytes/],
  [{ mode: "fixed", length_bytes: 0 }, "length_bytes", /from 1 to 1047552 bytes/],
  [{ mode: "fixed", length_bytes: 1_047_553 }, "length_bytes", /from 1 to 1047552 bytes/],
  [{ mode: "pattern" }, "first_characters", /missing.*single characters.*"-" or "0-9"/],
  [{ mode: "pattern", first_characters: "--------" }, "first_characters", /each once/],
  [{ mode: "pattern", first_characters: "9-0" }, "first_characters", /single characters/],
  [{ mode: "continuation", continuation_characters: "&\n" }, "continuation_characters", /"&"/],
  [{ mode: "line", gap_ms: 500 }, "gap_ms", /^unknown key "gap_ms"; known here are mode$/],
  [{ mode: "idle", gap: 500 }, "gap", /^unknown key "gap"; known here are mode, gap_ms$/],
];

for (const [keys, key, message] of refused) {
  Deno.test(`framing ${JSON.stringify(keys)} is refused, and says why`, () => {
    assertProblem(file(keys), `ports[0].framing.${key}`, message);
  });
}

Deno.test("every mode may be written on every type of port", () => {
  const web = { type: "http", device: "", path: "/cdr" };
  for (const [framing] of complete) {
    assert.deepEqual(problemsOf(sample({ ports: [serialPort({ ...web, framing })] })), []);
  }
});

Deno.test("the JSON Schema tells the modes apart, with what each needs", () => {
  const text = JSON.stringify(configJsonSchema());
  for (const mode of ["line", "stx_etx", "idle", "fixed", "continuation", "pattern"]) {
    assert.ok(text.includes(`"const":"${mode}"`), mode);
  }
  assert.match(text, /"required":\["mode","length_bytes"\]/);
  assert.match(text, /"required":\["mode","first_characters"\]/);
});
