import assert from "node:assert/strict";
import { counted } from "../../src/cli/counted.ts";

Deno.test("counts have a plural", () => {
  assert.deepEqual([0, 1, 2].map((count) => counted(count, "byte")), [
    "0 bytes",
    "1 byte",
    "2 bytes",
  ]);
});
