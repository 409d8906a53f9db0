import assert from "node:assert/strict";
import { pointInTime } from "../../src/cli/point_in_time.ts";

const nowMs = Date.UTC(2025, 11, 3, 15, 4, 5, 123);

function read(text: string): string {
  return new Date(pointInTime(text, nowMs)).toISOString();
}

Deno.test("a point in time is UTC, unless it names another offset", () => {
  const whole = "2025-12-03T15:04:05.123Z";
  for (const text of [whole, "2025-12-03 15:04:05.123", "2025-12-03T10:04:05.123-05:00", "now"]) {
    assert.equal(read(text), whole, text);
  }
  assert.equal(read("2025-12-03 15:04:05.123456789Z"), whole);
  assert.equal(read("2025-12-03"), "2025-12-03T00:00:00.000Z");
  assert.equal(read("2025-12-03T15:04"), "2025-12-03T15:04:00.000Z");
  assert.equal(read("2025-12-03t15:04:05.5z"), "2025-12-03T15:04:05.500Z");
  assert.equal(read("2025-12-03 00:30+02:00"), "2025-12-02T22:30:00.000Z");
});

Deno.test("a point in time may be so long before now", () => {
  for (const text of ["2h", "2 h", "2 hours ago", "120min", "120m", "7200s", "7200 seconds ago"]) {
    assert.equal(read(text), "2025-12-03T13:04:05.123Z", text);
  }
  assert.equal(read("1d"), "2025-12-02T15:04:05.123Z");
  assert.equal(read("1 week ago"), "2025-11-26T15:04:05.123Z");
});

Deno.test("what is no point in time is refused with what may be given", () => {
  const wrong = ["", "yesterday", "2", "h", "-2h", "2 months", "2025-02-30", "2025-12-03 24:00"];
  for (const text of [...wrong, "2025-13-01", "03.12.2025", "15:04", "2025-12-03 15:04 +99:00"]) {
    assert.throws(() => pointInTime(text, nowMs), (error) => {
      assert.ok(error instanceof Error && "exitCode" in error, text);
      assert.match(error.message, /^give a time, in UTC, such as 2025-12-03T15:04:05Z.*2h/);
      assert.equal(error.exitCode, 2);
      return true;
    }, text);
  }
});
