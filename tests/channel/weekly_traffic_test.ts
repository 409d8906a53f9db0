import assert from "node:assert/strict";
import {
  hourMs,
  hourOfWeek,
  hoursOfWeek,
  WeeklyTraffic,
} from "../../src/channel/weekly_traffic.ts";

const weekMs = hoursOfWeek * hourMs;

/** Weeks in which every hour has so many arrivals; `at` says of an hour that it has others. */
function learnWeeks(
  traffic: WeeklyTraffic,
  weeks: number,
  arrivals: number,
  at: Readonly<Record<number, number>> = {},
): void {
  for (let week = 0; week < weeks; week++) {
    for (let hour = 0; hour < hoursOfWeek; hour++) {
      traffic.learn({ hour, listenedMs: hourMs, arrivals: at[hour] ?? arrivals });
    }
    traffic.fade(weekMs);
  }
}

function near(found: number, expected: number): void {
  assert.ok(Math.abs(found - expected) < 0.01 * expected + 1e-9, `${found}, not ${expected}`);
}

Deno.test("hours of the week are those of UTC, the same every week", () => {
  assert.equal(hourOfWeek(Date.UTC(1970, 0, 1, 0, 59)), 0);
  assert.equal(hourOfWeek(Date.UTC(2026, 0, 1, 5)), 5);
  assert.equal(hourOfWeek(Date.UTC(2026, 0, 7, 23, 59)), 167);
  assert.equal(hourOfWeek(Date.UTC(2026, 0, 8)), 0);
});

Deno.test("an hour is known after two weeks, not after one in which it was listened to twice", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 1, 30);
  assert.equal(traffic.rate(5), 0);
  learnWeeks(traffic, 1, 30);
  near(traffic.rate(5), 30);
  assert.equal(new WeeklyTraffic().rate(5), 0);
});

Deno.test("an hour that is never learned again is forgotten, within six weeks and not in three", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 30, 30);
  traffic.fade(3 * weekMs);
  near(traffic.rate(5), 30);
  traffic.fade(3 * weekMs);
  assert.equal(traffic.rate(5), 0);
});

Deno.test("what was forgotten is begun anew, not on top of what was", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 30, 30);
  traffic.fade(7 * weekMs);
  learnWeeks(traffic, 2, 3);
  near(traffic.rate(5), 3);
});

Deno.test("a change of habit is followed over weeks", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 30, 30);
  learnWeeks(traffic, 1, 10);
  near(traffic.rate(5), 26);
  learnWeeks(traffic, 10, 10);
  assert.ok(traffic.rate(5) < 13);
});

Deno.test("a part of an hour counts as a part", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 10, 30);
  for (let i = 0; i < 100; i++) traffic.learn({ hour: 5, listenedMs: hourMs / 2, arrivals: 15 });
  near(traffic.rate(5), 30);
});

Deno.test("a busy hour beside a quiet one is taken for a quiet one: summer time moves them", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 10, 60, { 10: 0, 11: 0 });
  assert.ok(traffic.rate(9) < 1);
  assert.ok(traffic.rate(12) < 1);
  near(traffic.rate(8), 60);
  near(traffic.rate(13), 60);
  assert.ok(traffic.rate(10) === 0);
});

Deno.test("the week is a ring: its last hour is beside its first", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 10, 60, { 0: 0 });
  assert.ok(traffic.rate(167) < 1);
  near(traffic.rate(166), 60);
});

Deno.test("a storm teaches little, and one in a quiet hour nothing that its neighbours do not say", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 10, 10);
  learnWeeks(traffic, 1, 1000);
  assert.ok(traffic.rate(5) < 17, String(traffic.rate(5)));
  const night = new WeeklyTraffic();
  learnWeeks(night, 2, 1, { 7: 100 });
  assert.ok(night.rate(7) < 4, String(night.rate(7)));
});

Deno.test("the larger the bursts, the more must be missing; after a day less is enough", () => {
  const single = new WeeklyTraffic();
  const bursts = new WeeklyTraffic();
  // Silences as chance makes them, evenly over their spread.
  for (let i = 0; i < 10_000; i++) {
    const silence = -Math.log((i + 0.5) / 10_000);
    single.learnSilence(silence);
    bursts.learnSilence(3 * silence);
  }
  const [one, three] = [single, bursts].map((traffic) => traffic.enoughMissed(hourMs));
  assert.ok(one !== undefined && one > 19 && one < 23, String(one));
  assert.ok(three !== undefined && three > 57 && three < 63, String(three));
  near(bursts.enoughMissed(24 * hourMs), three * 12 / 20);
});

Deno.test("without silences the bursts that are assumed at first are forgotten last", () => {
  const traffic = new WeeklyTraffic();
  assert.equal(traffic.enoughMissed(hourMs), 80);
  traffic.fade(520 * weekMs);
  near(traffic.enoughMissed(hourMs), 80);
  traffic.learnSilence(1);
  near(traffic.enoughMissed(hourMs), 20);
  traffic.learnSilence(1e6);
  assert.equal(traffic.enoughMissed(hourMs), 20 * 20);
});

Deno.test("what was learned can be kept and taken up again", () => {
  const traffic = new WeeklyTraffic();
  learnWeeks(traffic, 3, 30, { 7: 3 });
  traffic.learnSilence(9);
  const again = new WeeklyTraffic(JSON.parse(JSON.stringify(traffic.learned)));
  assert.deepEqual(again.learned, traffic.learned);
  assert.equal(again.rate(7), traffic.rate(7));
});
