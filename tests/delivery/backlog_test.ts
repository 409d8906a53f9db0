import assert from "node:assert/strict";
import { type BacklogLook, paceBetween } from "../../src/delivery/backlog.ts";

function look(atMs: number, next: number, last: number): BacklogLook {
  const records = last - next + 1;
  return { channel: "a", sink: "nats", next, records, bytes: 0, oldestMs: null, last, atMs };
}

Deno.test("pace: what is delivered and captured a second, and when it is through", () => {
  const pace = paceBetween(look(0, 1, 100), look(2000, 41, 120));
  assert.deepEqual(pace, { delivered: 20, captured: 10, drainedInMs: 8000 });
});

Deno.test("pace: a backlog that grows, or stands still, is never through", () => {
  assert.equal(paceBetween(look(0, 1, 100), look(1000, 11, 200)).drainedInMs, null);
  assert.equal(paceBetween(look(0, 1, 100), look(1000, 1, 100)).drainedInMs, null);
});

Deno.test("pace: a sink that goes back delivers nothing, and nothing that waits is through", () => {
  assert.equal(paceBetween(look(0, 50, 100), look(1000, 1, 100)).delivered, 0);
  assert.equal(paceBetween(look(0, 50, 100), look(1000, 101, 100)).drainedInMs, 0);
});
