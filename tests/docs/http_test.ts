// The document of HTTP posts shows only what can be configured, and every answer there is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HttpAccess } from "../../src/source/http/http_access.ts";
import * as faults from "../../src/source/http/post_faults.ts";
import { configOf, sample } from "../config/sample.ts";

const document = readFileSync(
  join(new URL("../../", import.meta.url).pathname, "docs/http.md"),
  "utf8",
);

Deno.test("every port that docs/http.md shows can be configured", () => {
  const shown = [...document.matchAll(/```jsonc\n(.*?)```/gs)].map(([, text = ""]) => text);
  assert.ok(shown.length >= 2);
  for (const text of shown) {
    const [port] = configOf(sample({
      app: { fips_code: "1429010002" },
      ports: [JSON.parse(text)],
    })).ports;
    assert.equal(port?.type, "http");
    // What it allows can be understood, too.
    if (port?.type === "http") new HttpAccess({ allowFrom: port.allow_from, readText: () => "" });
  }
});

Deno.test("docs/http.md has every status that a post can be answered with", () => {
  const listed = [...document.matchAll(/^\| (\d{3}) /gm)].map(([, status]) => Number(status));
  const { bodyFaults, ...others } = faults;
  const all = [...Object.values(bodyFaults), ...Object.values(others)]
    .flatMap((fault) => "status" in fault ? [fault.status] : []);
  const elsewhere = [200, 401, 403, 404, 405];
  assert.deepEqual(new Set(listed), new Set([...all, ...elsewhere].sort((a, b) => a - b)));
  assert.equal(listed.length, new Set(listed).size);
});
