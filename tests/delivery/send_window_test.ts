import assert from "node:assert/strict";
import fc from "fast-check";
import { SendWindow } from "../../src/delivery/send_window.ts";
import { Restraint } from "../../src/platform/restraint.ts";

const maxBytes = 1024 * 1024;

/** Runs until every promise that can go on has gone on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** The same, where nothing but the window is waited for, and it is quicker. */
async function admission(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await Promise.resolve();
}

const step = fc.oneof(
  fc.record({ do: fc.constant("enter"), bytes: fc.constantFrom(1, 100, 300_000, 1_500_000) }),
  fc.record({ do: fc.constant("leave"), latencyMs: fc.constantFrom(1, 500, 501, 4000) }),
);

Deno.test("the limits are never exceeded, and who waits longest goes first", async () => {
  const steps = fc.array(step, { minLength: 20, maxLength: 200 });
  const initial = fc.integer({ min: 1, max: 40 });
  await fc.assert(
    fc.asyncProperty(steps, initial, async (commands, size) => {
      const window = new SendWindow({ initial: size, maxRecords: 40 });
      const inside: { readonly number: number; readonly bytes: number }[] = [];
      const admitted: number[] = [];
      let asked = 0;
      let nowMs = 0;
      const check = (): void => {
        const bytes = inside.reduce((sum, entry) => sum + entry.bytes, 0);
        assert.equal(window.inFlight, inside.length);
        assert.ok(inside.length <= 40);
        assert.ok(bytes <= maxBytes || inside.length === 1, `${bytes} bytes`);
      };
      for (const command of commands) {
        nowMs += 10;
        if ("bytes" in command) {
          const number = asked++;
          const enter = (): void => {
            inside.push({ number, bytes: command.bytes });
            admitted.push(number);
          };
          if (window.tryEnter(command.bytes)) {
            enter();
            assert.ok(window.inFlight <= window.size);
          } else window.enter([command.bytes]).then(enter);
        } else {
          const first = inside.shift();
          if (first !== undefined) window.leave(first.bytes, command.latencyMs, nowMs);
        }
        await admission();
        check();
        assert.ok(window.size >= 1 && window.size <= 40);
      }
      for (let first = inside.shift(); first !== undefined; first = inside.shift()) {
        window.leave(first.bytes, 1, nowMs);
        await settle();
      }
      assert.deepEqual(admitted, Array.from({ length: asked }, (_, i) => i));
    }),
    { numRuns: 60 },
  );
});

Deno.test("nobody passes those who wait, not even a record that would fit", async () => {
  const window = new SendWindow({ initial: 10, maxRecords: 10 });
  assert.equal(window.tryEnter(900_000), true);
  const order: string[] = [];
  window.enter([200_000]).then(() => order.push("large"));
  assert.equal(window.tryEnter(10), false);
  window.enter([10]).then(() => order.push("small"));
  window.leave(900_000, 1, 0);
  await settle();
  assert.deepEqual(order, ["large", "small"]);
});

Deno.test("a record larger than the byte limit goes alone", async () => {
  const window = new SendWindow({ initial: 10, maxRecords: 10 });
  assert.equal(window.tryEnter(10), true);
  let entered = false;
  window.enter([2 * maxBytes]).then(() => entered = true);
  await settle();
  assert.equal(entered, false);
  window.leave(10, 1, 0);
  await settle();
  assert.equal(entered, true);
  assert.equal(window.tryEnter(1), false);
});

Deno.test("a healthy server widens the window up to its maximum, a slow one halves it", () => {
  const window = new SendWindow({ initial: 8, maxRecords: 16 });
  let nowMs = 0;
  const answer = (latencyMs: number): void => {
    nowMs += 10_000;
    assert.equal(window.tryEnter(1), true);
    window.leave(1, latencyMs, nowMs);
  };
  answer(2000);
  assert.equal(window.size, 4);
  for (let i = 0; i < 10; i++) answer(2000);
  assert.equal(window.size, 1);
  for (let i = 0; i < 200; i++) answer(5);
  assert.equal(window.size, 16);
});

Deno.test("the slow answers to what was sent at once shrink the window once", () => {
  const window = new SendWindow({ initial: 16, maxRecords: 16 });
  for (let i = 0; i < 16; i++) assert.equal(window.tryEnter(1), true);
  for (let i = 0; i < 16; i++) window.leave(1, 2000, 5000 + i);
  assert.equal(window.size, 8);
});

Deno.test("close() lets everybody in, so that nobody waits for ever", async () => {
  const window = new SendWindow({ initial: 1, maxRecords: 1 });
  assert.equal(window.tryEnter(1), true);
  const waiting = Promise.all([window.enter([1]), window.enter([maxBytes * 2]), window.enter([1])]);
  window.close();
  await waiting;
  await window.enter([1]);
});

Deno.test("who waits with many goes with as many as find room, and the next one with the rest", async () => {
  const window = new SendWindow({ initial: 5, maxRecords: 5 });
  for (let i = 0; i < 5; i++) assert.equal(window.tryEnter(1), true);
  const admitted: [string, number][] = [];
  window.enter([1, 1, 1]).then((count) => admitted.push(["first", count]));
  window.enter([1, 1, 1]).then((count) => admitted.push(["second", count]));
  await settle();
  assert.deepEqual(admitted, []);
  for (let i = 0; i < 5; i++) window.leave(1, 2000, i);
  await settle();
  assert.equal(window.size, 2);
  assert.deepEqual(admitted, [["first", 2]]);
  for (let i = 0; i < 2; i++) window.leave(1, 2000, i);
  await settle();
  assert.deepEqual(admitted, [["first", 2], ["second", 2]]);
});

Deno.test("while memory is short an eighth of the window is left, and at least one record", () => {
  const restraint = new Restraint();
  const window = new SendWindow({ initial: 16, maxRecords: 16, restraint });
  const entered = (bytes: number): number => {
    let count = 0;
    while (window.tryEnter(bytes)) count += 1;
    for (let i = 0; i < count; i++) window.leave(bytes, 1, 0);
    return count;
  };
  assert.equal(entered(1), 16);
  restraint.level = "queues";
  assert.equal(entered(1), 2);
  assert.equal(entered(100_000), 1);
  assert.equal(entered(2 * maxBytes), 1);
  restraint.level = "none";
  assert.equal(entered(1), 16);
});
