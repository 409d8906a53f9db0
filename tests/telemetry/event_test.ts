import assert from "node:assert/strict";
import type { Notice } from "../../src/platform/notice.ts";
import { eventOf, isEvent } from "../../src/telemetry/event.ts";

const notice: Notice = { level: "warning", kind: "source_gone", message: "A1: it is gone" };

Deno.test("a notice becomes an event in the original's fields and order", () => {
  const full: Notice = {
    ...notice,
    channel: "1429010002-A1",
    device: "/dev/ttyS1",
    hint: "plug it in",
    details: { bytes: 3 },
  };
  assert.equal(
    JSON.stringify(eventOf(full, "psap-14")),
    '{"type":"source_gone","instance":"psap-14","ch":"1429010002-A1","dev":"/dev/ttyS1",' +
      '"msg":"A1: it is gone","details":{"level":"warning","hint":"plug it in","bytes":3}}',
  );
});

Deno.test("an event that concerns no channel has none", () => {
  assert.deepEqual(eventOf(notice, "psap-14"), {
    type: "source_gone",
    instance: "psap-14",
    msg: "A1: it is gone",
    details: { level: "warning" },
  });
});

Deno.test("all but what only the makers want to know is an event", () => {
  const levels = ["debug", "info", "warning", "error"] as const;
  assert.deepEqual(levels.filter((level) => isEvent({ ...notice, level })), [
    "info",
    "warning",
    "error",
  ]);
});

Deno.test("a message that goes on and on is cut", () => {
  const { msg } = eventOf({ ...notice, message: "x".repeat(100_000) }, "psap-14");
  assert.equal(msg.length, 4000);
  assert.ok(msg.endsWith("x…"));
});
