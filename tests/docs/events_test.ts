// The document of events shows lines as they are written, names every field, and has the types of
// the list, which are those that the sources report.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { noticeKinds } from "../../src/platform/kinds/notice_kinds.ts";
import { eventOf } from "../../src/telemetry/event.ts";
import { heartbeatOf } from "../../src/telemetry/heartbeat.ts";
import { jsonBehindHeader, jsonHeader } from "../../src/telemetry/json_lines.ts";
import { allKinds, eventsDocument, withKindTables } from "./kind_tables.ts";
import { noticesInSources } from "./notices_in_sources.ts";

const document = readFileSync(eventsDocument, "utf8");
const [eventLine = "", beatLine = ""] = [...document.matchAll(/```\n(\{.*\})\n```/g)]
  .map(([, line = ""]) => line);

/** Names in the first column of the table whose head begins with `title`. */
function firstColumn(title: string): string[] {
  const [, body = ""] = new RegExp(`^\\| ${title} +\\|.*\\n\\| -.*\\n((?:\\|.*\\n)+)`, "m")
    .exec(document) ?? [];
  return body.trimEnd().split("\n").flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)
  );
}

function lineOf(timeMs: number, fields: object): string {
  const head = new Uint8Array(jsonHeader.length);
  jsonHeader.write(head, 0, timeMs);
  return new TextDecoder().decode(Uint8Array.of(...head, ...jsonBehindHeader({ ...fields })));
}

Deno.test("docs: the event that is shown is written just so, and each of its fields is named", () => {
  const { ts, type, instance, ch, dev, msg, details } = JSON.parse(eventLine);
  const { level, ...figures } = details;
  const notice = { level, kind: type, message: msg, channel: ch, device: dev, details: figures };
  assert.ok(allKinds.has(type));
  assert.equal(lineOf(Date.parse(ts), eventOf(notice, instance)), eventLine);
  assert.deepEqual(firstColumn("field").slice(0, 7), Object.keys(JSON.parse(eventLine)));
});

Deno.test("docs: the heartbeat that is shown is written just so, and each of its fields is named", () => {
  const { ts, instance, fips, uptime_sec, channels: [shown] } = JSON.parse(beatLine);
  const status = {
    name: `${fips}-${shown.a}`,
    source: shown.device,
    state: shown.state,
    detail: "",
    baudRate: shown.baud,
    isSilent: false,
    bytes: shown.bytes,
    records: shown.lines,
    errors: shown.errors,
    reconnects: shown.reconnects,
    lastRecordMs: Date.parse(shown.last_line),
    lastSequence: 640,
    syncedSequence: 640,
    restarts: shown.restarts,
  };
  const beat = heartbeatOf({
    instance,
    fips,
    uptimeMs: uptime_sec * 1000,
    channels: [{ side: shown.a, fips, status }],
    sinks: [{
      name: "nats",
      state: "delivering",
      detail: "",
      delivered: 640,
      backlog: 0,
      storage: [],
    }],
    conditions: [],
    strayErrors: 0,
  });
  assert.equal(lineOf(Date.parse(ts), beat), beatLine);
  const named = document.slice(document.indexOf("## A heartbeat"));
  const fields = [...Object.keys(JSON.parse(beatLine)), ...Object.keys(shown)];
  assert.deepEqual(
    fields.filter((field) => !new RegExp(`^\\|.*\`${field}[\`[]`, "m").test(named)),
    [],
  );
});

Deno.test("docs: the types of events are those of the list, with what it says of each", () => {
  assert.equal(document, withKindTables(document), "write it anew: deno task docs");
  assert.equal(allKinds.size, Object.values(noticeKinds).flatMap(Object.keys).length, "none twice");
});

Deno.test("docs: every kind of the list is told somewhere, at the levels and with the figures it says", () => {
  const notices = noticesInSources([...allKinds.keys()]);
  const told = new Set(notices.flatMap(({ kinds }) => kinds));
  assert.deepEqual([...allKinds.keys()].filter((kind) => !told.has(kind)), []);
  const wrong = notices.flatMap(({ kinds, level, details }) =>
    kinds.flatMap((kind) => {
      const facts = allKinds.get(kind);
      const levels: readonly string[] = [facts?.level ?? []].flat();
      const known = Object.keys(facts?.details ?? {});
      return [
        ...level === null || levels.includes(level) ? [] : [`${kind}: level ${level}`],
        ...details.filter((each) => !known.includes(each)).map((each) => `${kind}: ${each}`),
      ];
    })
  );
  assert.deepEqual(wrong, []);
});
