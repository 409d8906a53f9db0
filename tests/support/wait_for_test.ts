import assert from "node:assert/strict";
import { waitFor, waitForValue } from "./wait_for.ts";

Deno.test("waitForValue() returns the first value that is accepted", async () => {
  let asked = 0;
  const value = await waitForValue("a third answer", () => ++asked, (count) => count >= 3);
  assert.equal(value, 3);
});

Deno.test("the error says what was awaited and what was seen last", async () => {
  await assert.rejects(
    waitForValue("three records", () => 2, (count) => count === 3, { timeoutMs: 20 }),
    { message: "waited 20 ms for three records: last seen: 2" },
  );
});

Deno.test("an error while probing counts as not yet, and is the cause in the end", async () => {
  let asked = 0;
  await waitFor("a second try", () => {
    if (++asked === 1) throw new Error("too early");
    return true;
  });
  const failure = new Error("no such file");
  await assert.rejects(
    waitFor("a file", () => Promise.reject(failure), { timeoutMs: 20 }),
    (error) =>
      error instanceof Error && error.cause === failure &&
      error.message.endsWith("last seen: an error: no such file"),
  );
});
