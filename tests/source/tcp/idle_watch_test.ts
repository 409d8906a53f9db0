import assert from "node:assert/strict";
import { IdleWatch } from "../../../src/source/tcp/idle_watch.ts";
import { FakeTime } from "../../support/fake_time.ts";

Deno.test("IdleWatch tells of a silence that lasts for the limit, and of no shorter one", () => {
  using time = new FakeTime();
  let nowMs = 0;
  let isDeaf = false;
  let told = 0;
  const pass = (ms: number): void => {
    nowMs += ms;
    time.tick(ms);
  };
  using watch = new IdleWatch({
    limitMs: 60_000,
    clock: { wallMs: () => 0, monotonicMs: () => nowMs, delay: () => Promise.resolve() },
    isDeaf: () => isDeaf,
    tooLong: () => told += 1,
  });
  for (let i = 0; i < 10; i++) {
    pass(59_999);
    watch.heard();
  }
  isDeaf = true;
  pass(200_000);
  isDeaf = false;
  assert.equal(told, 0, "who does not listen hears nothing");
  pass(59_999);
  assert.equal(told, 0);
  pass(60_001);
  assert.equal(told, 1);
});

Deno.test("IdleWatch without a limit has no timer", () => {
  using time = new FakeTime();
  using _watch = new IdleWatch({
    limitMs: undefined,
    clock: { wallMs: () => 0, monotonicMs: () => 0, delay: () => Promise.resolve() },
    isDeaf: () => false,
    tooLong: () => assert.fail("there is no limit"),
  });
  assert.equal(time.pending, 0);
});
