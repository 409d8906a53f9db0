import assert from "node:assert/strict";
import { RetryPause } from "../../src/delivery/retry_pause.ts";
import { HandClock } from "../support/hand_clock.ts";
import { neverRenewed } from "../support/same_identity.ts";

const { signal } = new AbortController();

Deno.test("a pause lasts its time, and leaves nothing behind", async () => {
  const clock = new HandClock();
  let asked: AbortSignal | null = null;
  const renewed = (until: AbortSignal): Promise<boolean> => {
    asked = until;
    return neverRenewed(until);
  };
  const pause = new RetryPause({ clock, server: { renewed } });
  let isOver = false;
  const waited = pause.wait(5000, signal).then(() => isOver = true);
  await clock.advance(4999);
  assert.equal(isOver, false);
  await clock.advance(1);
  await waited;
  assert.equal((asked as AbortSignal | null)?.aborted, true);
  pause.end();
});

Deno.test("a pause ends at once with another proof of identity, when it is asked to, and at a stop", async () => {
  const clock = new HandClock();
  const renewal = Promise.withResolvers<boolean>();
  const stop = new AbortController();
  const never = new RetryPause({ clock, server: { renewed: neverRenewed } });
  const pauses = [
    new RetryPause({ clock, server: { renewed: () => renewal.promise } }).wait(60_000, signal),
    never.wait(60_000, signal),
    new RetryPause({ clock, server: { renewed: neverRenewed } }).wait(60_000, stop.signal),
  ];
  renewal.resolve(true);
  never.end();
  stop.abort();
  await Promise.all(pauses);
  assert.equal(clock.waiting, 0);
});
