import assert from "node:assert/strict";
import { HeardHours } from "../../src/channel/heard_hours.ts";
import { hourMs } from "../../src/channel/weekly_traffic.ts";

const minuteMs = 60_000;
const dayMs = 24 * hourMs;

/** Listens from one minute to another (of a monotonic clock that began with the week). */
function listen(hours: HeardHours, fromMinute: number, toMinute: number): void {
  for (let minute = fromMinute; minute < toMinute; minute++) {
    const endMs = (minute + 1) * minuteMs;
    const hour = Math.floor(minute / 60) % 168;
    hours.pass({ hour, listenedMs: minuteMs, quietMs: minuteMs, endMs });
  }
}

Deno.test("an hour holds what was listened to and heard in it", () => {
  const hours = new HeardHours();
  listen(hours, 30, 60);
  hours.heard(true);
  hours.heard(false);
  listen(hours, 60, 80);
  hours.heard(true);
  listen(hours, 80, 120);
  assert.deepEqual(hours.waiting, [
    { hour: 0, listenedMs: hourMs / 2, arrivals: 1 },
    { hour: 1, listenedMs: hourMs, arrivals: 1 },
  ]);
});

Deno.test("an hour is settled after a day, when something was heard since", () => {
  const hours = new HeardHours();
  listen(hours, 0, 60);
  hours.heard(true);
  listen(hours, 60, 180);
  assert.deepEqual(hours.takeSettled(hourMs + dayMs - 1, dayMs), []);
  assert.deepEqual(hours.takeSettled(10 * dayMs, hourMs - 1), []);
  const settled = hours.takeSettled(hourMs + dayMs, 3 * hourMs);
  assert.deepEqual(settled, [{
    hour: 0,
    listenedMs: hourMs,
    quietMs: 0,
    arrivals: 1,
    endMs: hourMs,
  }]);
  assert.deepEqual(hours.waiting.map(({ hour }) => hour), [1, 2]);
  assert.equal(hours.takeSettled(10 * dayMs, dayMs).length, 2);
  assert.deepEqual(hours.waiting, []);
});

Deno.test("of a silence that was none of the line's habits only what came before it stays", () => {
  const hours = new HeardHours();
  listen(hours, 0, 80);
  hours.heard(true);
  listen(hours, 80, 240);
  hours.forgetSince(80 * minuteMs);
  assert.deepEqual(hours.waiting, [
    { hour: 0, listenedMs: hourMs, arrivals: 0 },
    { hour: 1, listenedMs: 20 * minuteMs, arrivals: 1 },
  ]);
});

Deno.test("a clock that was wrong takes all hours with it, and the same hour a week later is another", () => {
  const hours = new HeardHours();
  listen(hours, 0, 60);
  hours.forgetAll();
  assert.deepEqual(hours.waiting, []);
  listen(hours, 0, 60);
  listen(hours, 168 * 60, 168 * 60 + 60);
  assert.deepEqual(hours.waiting.map(({ listenedMs }) => listenedMs), [hourMs, hourMs]);
});

Deno.test("a line that is never heard does not fill the memory", () => {
  const hours = new HeardHours();
  listen(hours, 0, 400 * 60);
  assert.equal(hours.waiting.length, 336);
  assert.equal(hours.waiting.at(-1)?.hour, 399 % 168);
});
