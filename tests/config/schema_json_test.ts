import assert from "node:assert/strict";
import { configJsonSchema } from "../../src/config/schema_json.ts";

interface Seen {
  readonly path: string;
  readonly schema: Record<string, unknown>;
}

/** Every schema inside, with the keys that lead to it. */
function* inside(value: unknown, path = ""): Generator<Seen> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield { path, schema: { ...value } };
  for (const [key, part] of Object.entries(value)) yield* inside(part, `${path}/${key}`);
}

const all = [...inside(configJsonSchema())];

Deno.test("every object in the schema that refuses unknown keys takes comments", () => {
  const objects = all.filter(({ schema }) => schema["additionalProperties"] === false);
  assert.ok(objects.length > 15);
  for (const { path, schema } of objects) {
    assert.deepEqual(schema["patternProperties"], { "^_": {} }, path);
  }
});

Deno.test("every key in the schema has a description", () => {
  const keys = all.filter(({ path }) => /\/properties\/[a-z_]+$/.test(path));
  assert.ok(keys.length > 80);
  const without = keys.filter(({ schema }) => typeof schema["description"] !== "string");
  assert.deepEqual(without.map(({ path }) => path), []);
});

Deno.test("the schema knows former names, defaults and limits", () => {
  const at = (end: string): Record<string, unknown>[] =>
    all.filter(({ path }) => path.endsWith(end)).map(({ schema }) => schema);
  assert.equal(at("/properties/a_designation").length, 4);
  assert.equal(at("/properties/remote_creds").length, 1);
  assert.equal(at("/logging/properties/max_backups")[0]?.["default"], 10);
  assert.equal(at("/journal/properties/sync")[0]?.["default"], 250);
  assert.equal(at("/journal/properties/memory_tail_mb")[0]?.["default"], 24);
  for (const key of ["min_free_mb", "max_total_mb"]) {
    assert.equal(at(`/journal/properties/${key}`)[0]?.["default"], undefined, key);
  }
  const silence = JSON.stringify(at("/properties/silence_alarm_sec")[0]);
  assert.match(silence, /"enum":\["learned",0\].*"minimum":1,"maximum":31536000/);
  const port = JSON.stringify(at("/monitoring/properties/port")[0]);
  assert.match(port, /"integer".*"const":0.*"minimum":1,"maximum":65535/);
});

Deno.test("a key that may be absent may be empty or null, as the original wrote it", () => {
  const level = all.find(({ path }) => path.endsWith("/logging/properties/level"))?.schema;
  assert.deepEqual(level?.["anyOf"], [
    { type: "string", enum: ["debug", "info", "warn", "error"] },
    { enum: ["", null] },
  ]);
});
