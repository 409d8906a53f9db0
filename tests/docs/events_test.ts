// The document of events shows lines as they are written, and names every field and only types that
// exist.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NoticeLevel } from "../../src/platform/notice.ts";
import { eventOf } from "../../src/telemetry/event.ts";
import { heartbeatOf } from "../../src/telemetry/heartbeat.ts";
import { jsonBehindHeader, jsonHeader } from "../../src/telemetry/json_lines.ts";

const root = new URL("../../", import.meta.url).pathname;
const document = readFileSync(join(root, "docs/events.md"), "utf8");
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

function isLevel(text: unknown): text is NoticeLevel {
  return text === "debug" || text === "info" || text === "warning" || text === "error";
}

Deno.test("docs: the event that is shown is written just so, and each of its fields is named", () => {
  const { ts, type, instance, ch, dev, msg, details } = JSON.parse(eventLine);
  const { level, ...figures } = details;
  assert.ok(isLevel(level));
  const notice = { level, kind: type, message: msg, channel: ch, device: dev, details: figures };
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
  };
  const beat = heartbeatOf({
    instance,
    fips,
    uptimeMs: uptime_sec * 1000,
    channels: [{ side: shown.a, fips, status }],
    sinks: [{ name: "nats", state: "delivering", detail: "", delivered: 640, storage: [] }],
    conditions: [],
  });
  assert.equal(lineOf(Date.parse(ts), beat), beatLine);
  const named = document.slice(document.indexOf("## A heartbeat"));
  const fields = [...Object.keys(JSON.parse(beatLine)), ...Object.keys(shown)];
  assert.deepEqual(
    fields.filter((field) => !new RegExp(`^\\|.*\`${field}[\`[]`, "m").test(named)),
    [],
  );
});

Deno.test("docs: every type of event that is named exists", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(root, "src", file), "utf8")).join("\n");
  const types = firstColumn("`type`");
  assert.ok(types.length > 10, `${types}`);
  const unknown = types.filter((type) => !type.endsWith("…") && !sources.includes(`"${type}"`));
  assert.deepEqual(unknown, []);
});
