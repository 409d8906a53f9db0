import assert from "node:assert/strict";
import { systemClock } from "../../src/platform/clock.ts";

Deno.test("a delay lasts at least as long as asked for", async () => {
  const startMs = systemClock.monotonicMs();
  await systemClock.delay(20);
  assert.ok(systemClock.monotonicMs() - startMs >= 19);
});

Deno.test("a delay ends early without an error when it is aborted, before or meanwhile", async () => {
  await systemClock.delay(60_000, AbortSignal.abort());
  const abort = new AbortController();
  const delay = systemClock.delay(60_000, abort.signal);
  abort.abort();
  await delay;
});

Deno.test("the wall clock counts milliseconds since 1970", () => {
  assert.ok(Math.abs(systemClock.wallMs() - Date.now()) < 1000);
});
