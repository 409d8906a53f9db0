// The wall clock may step by years at any moment, both ways. It is there to stamp what happens and to
// be compared with dates from outside; time-outs, pauses and rates run on the monotonic clock. Whoever
// reads it stands here, with what for.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../src/", import.meta.url).pathname;

const readers: Readonly<Record<string, string>> = {
  "channel/append_queue.ts": "stamps what ends a damaged record",
  "channel/channel.ts": "stamps reads, and records that end by themselves",
  "channel/learned_silence.ts": "tells the hour of the week; forgets what a step falls into",
  "channel/raw/raw_capture.ts": "stamps what is noted between reads",
  "channel/record_channel.ts": "stamps the end of a record that the last run left open",
  "cli/backlog.ts": "shows how old the oldest record is",
  "cli/line_survey.ts": "stamps reads",
  "cli/replay.ts": "takes a point of time that a person named",
  "delivery/expiry_watch.ts": "compares with the end of a certificate",
  "doctor/nats.ts": "compares with a server's clock",
  "journal/home.ts": "names files",
  "journal/homecoming.ts": "names files",
  "journal/journal.ts": "stamps what ends a record that a power cut broke off",
  "journal/journal_start.ts": "names files",
  "journal/writer.ts": "names files",
  "platform/clock.ts": "is the clock",
  "source/http/http_source.ts": "stamps posts",
  "source/serial/read_turn.ts": "stamps reads",
  "source/tcp/tcp_connection.ts": "stamps reads",
  "telemetry/clock_watch.ts": "looks for steps",
  "telemetry/run_mark.ts": "notes when the service was alive",
  "telemetry/telemetry.ts": "stamps events and heartbeats",
};

/** Of these the result of a subtraction is the purpose. */
const subtract: readonly string[] = [
  "delivery/expiry_watch.ts",
  "doctor/nats.ts",
  "telemetry/clock_watch.ts",
];

const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("simulate/"))
  .map((file) => ({ file, text: readFileSync(root + file, "utf8") }));

function filesWith(pattern: RegExp): string[] {
  return sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file).sort();
}

Deno.test("whoever reads the wall clock says what for", () => {
  assert.deepEqual(filesWith(/\bwallMs\(\)/), Object.keys(readers).sort());
});

Deno.test("nobody works out a length of time from the wall clock", () => {
  const difference = /\bwallMs\(\) *[-<>]|(?<!=)[-<>]=? *[\w.#]*\bwallMs\(\)/;
  assert.deepEqual(filesWith(difference), subtract);
});

Deno.test("nobody passes the clock by", () => {
  // The demo's draw of numbers is no time.
  assert.deepEqual(filesWith(/\bDate\.now\(\)|\bnew Date\(\)/), [
    "cli/demo.ts",
    "platform/clock.ts",
  ]);
  // The log is opened before there is a clock to hand over.
  assert.deepEqual(filesWith(/\bperformance\.now\(\)/), [
    "platform/clock.ts",
    "telemetry/log_file.ts",
  ]);
});
