import assert from "node:assert/strict";
import { printable } from "../../src/cli/printable.ts";

Deno.test("bytes that a terminal would act on are shown as escapes, and nothing is shown as another", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const texts = [...bytes].map((byte) => printable(Uint8Array.of(byte)));
  assert.equal(new Set(texts).size, 256);
  assert.ok(texts.every((text) => /^[\x20-\x7e]+$/.test(text)));
  assert.equal(
    printable(new TextEncoder().encode("\x02DN4521\t\\\r\n\x1b")),
    "\\x02DN4521\\t\\\\\\r\\n\\x1b",
  );
});
