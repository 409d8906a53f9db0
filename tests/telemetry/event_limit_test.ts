import assert from "node:assert/strict";
import type { Notice } from "../../src/platform/notice.ts";
import { burst, EventLimit, windowMs } from "../../src/telemetry/event_limit.ts";

function notice(more: Partial<Notice> = {}): Notice {
  return { level: "warning", kind: "line_errors", message: "errors", ...more };
}

/** Events that come of `notices`, a millisecond apart, and what is told of the rest at the end. */
function told(notices: readonly Notice[], limit = new EventLimit()): [Notice[], Notice[]] {
  const passed = notices.filter((each, i) => limit.take(each, i));
  return [passed, limit.due(Infinity)];
}

Deno.test("few events of a kind pass, and nothing is said of them later", () => {
  const few = Array.from({ length: burst }, () => notice());
  assert.deepEqual(told(few), [few, []]);
});

Deno.test("a storm of 1000 events a second is a few events a minute, and the count of the rest", () => {
  const limit = new EventLimit();
  const events: Notice[] = [];
  const seconds = 600;
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs++) {
    if (nowMs % 5000 === 0) events.push(...limit.due(nowMs));
    const next = notice({ message: `error ${nowMs}` });
    if (limit.take(next, nowMs)) events.push(next);
  }
  events.push(...limit.due(Infinity));
  const minutes = seconds * 1000 / windowMs;
  assert.ok(events.length <= minutes * (burst + 1), `${events.length} in ${minutes} minutes`);
  const suppressed = events.reduce(
    (sum, { details }) => sum + Number(details?.["suppressed"] ?? 0),
    0,
  );
  const single = events.filter(({ details }) => details?.["suppressed"] === undefined).length;
  assert.equal(single + suppressed, seconds * 1000, "none is forgotten");
});

Deno.test("kinds and channels do not hold each other back", () => {
  const storm = Array.from({ length: 1000 }, () => notice({ channel: "1429010002-A1" }));
  const others = [notice({ channel: "1429010002-A2" }), notice(), notice({ kind: "source_gone" })];
  const [passed] = told([...storm, ...others]);
  assert.deepEqual(passed.slice(burst), others);
});

Deno.test("what was held back is told once, with how much it was and the last of it", () => {
  const storm = Array.from(
    { length: burst + 3 },
    (_, i) => notice({ channel: "1429010002-A1", message: `error ${i}`, details: { errors: i } }),
  );
  const [, summaries] = told(storm);
  assert.deepEqual(summaries, [{
    level: "warning",
    kind: "line_errors",
    channel: "1429010002-A1",
    message: `3 more within a minute; the last: error ${burst + 2}`,
    details: { errors: burst + 2, suppressed: 3 },
  }]);
});

Deno.test("it is told when the minute is over, not before", () => {
  const limit = new EventLimit();
  for (let i = 0; i <= burst; i++) limit.take(notice(), 1000);
  assert.deepEqual(limit.due(1000 + windowMs - 1), []);
  assert.equal(limit.due(1000 + windowMs).length, 1);
  assert.deepEqual(limit.due(Infinity), []);
  assert.equal(limit.take(notice(), 2000 + windowMs), true, "the next one is told again");
});

Deno.test("lost records that are told together are told with all of their range", () => {
  const lost = Array.from(
    { length: burst + 5 },
    (_, i) =>
      notice({ kind: "records_lost", details: { from: i * 10 + 1, to: i * 10 + 10, records: 10 } }),
  );
  const [passed, [summary]] = told(lost);
  assert.deepEqual(passed.at(-1)?.details?.["to"], burst * 10);
  assert.deepEqual(summary?.details, {
    suppressed: 5,
    from: burst * 10 + 1,
    to: (burst + 5) * 10,
    records: 50,
  });
});
