import assert from "node:assert/strict";
import { LineSurvey, type SurveyNews } from "../../src/cli/line_survey.ts";
import { parseSettings } from "../../src/source/serial/line_settings.ts";
import { SerialLine } from "../../src/source/serial/serial_line.ts";
import { HandClock } from "../support/hand_clock.ts";

const call = "044 01     DN4521    T001004   06/14 09:12:44 00:03:21.0 915555550142\r\n";

/** A survey of a line that arrives just as it is sent, as 8N1 at 9600 does from the start. */
function newSurvey(judged?: string): {
  readonly survey: LineSurvey;
  readonly clock: HandClock;
  readonly hear: (text: string) => SurveyNews;
} {
  const clock = new HandClock();
  const settings = judged === undefined ? undefined : parseSettings(judged);
  const line = new SerialLine({
    baudRates: [1200, 9600],
    minBytes: 50,
    ...settings && { fixed: { baudRate: settings.baudRate, frame: settings } },
  });
  line.opened(line.receiver);
  const survey = new LineSurvey({ line, isSet: judged !== undefined, clock });
  const encoder = new TextEncoder();
  return { survey, clock, hear: (text) => survey.push(encoder.encode(text)) };
}

function texts(records: SurveyNews["records"]): string[] {
  return records.map(({ bytes }) => new TextDecoder().decode(bytes));
}

Deno.test("settings are found with their reason and time, and the record that showed them is whole", async () => {
  const { survey, clock, hear } = newSurvey();
  await clock.advance(1500);
  assert.deepEqual(hear(call.slice(0, 20)), { steps: [], records: [] });
  const { steps, records } = hear(call.slice(20));
  assert.deepEqual(steps.map(({ kind, seconds }) => [kind, seconds]), [["accept", 1.5]]);
  assert.match(steps[0]?.why ?? "", /^\d+ characters are text at 9600 8N1/);
  assert.deepEqual(texts(records), [call.trimEnd()]);
  assert.equal(survey.goodCharacters, call.length);
});

Deno.test("it is enough three records after the settings are known, or after much without an end", () => {
  const lines = newSurvey();
  lines.hear(call);
  lines.hear(call + call);
  assert.ok(!lines.survey.isEnough);
  lines.hear(call);
  assert.ok(lines.survey.isEnough);
  const endless = newSurvey();
  endless.hear(call.trimEnd().repeat(5));
  assert.ok(!endless.survey.isEnough);
  endless.hear(call.trimEnd().repeat(6));
  assert.ok(endless.survey.isEnough);
});

Deno.test("what arrives is counted as the UART told, marks undone wherever a read ends", () => {
  const { survey } = newSurvey();
  survey.push(Uint8Array.of(0x41, 0xff));
  survey.push(Uint8Array.of(0x00, 0x42, 0xff, 0x00, 0x00, 0xff, 0xff, 0x41));
  assert.deepEqual(survey.arrived, { whole: 3, damaged: 1, breaks: 1, distinct: 3 });
});

Deno.test("a line that falls silent shows after five seconds what it has begun, once", async () => {
  const { survey, clock, hear } = newSurvey();
  hear(call + "no end");
  await clock.advance(4999);
  assert.deepEqual(survey.idle(), []);
  await clock.advance(1);
  assert.deepEqual(texts(survey.idle()), ["no end"]);
  assert.deepEqual(survey.idle(), []);
  hear("more");
  assert.deepEqual(texts(survey.end()), ["more"]);
  assert.deepEqual(texts(survey.samples), [call.trimEnd(), "no end", "more"]);
});

Deno.test("settings that are given are confirmed, or contradicted in words, once each", () => {
  const right = newSurvey("9600 8N2");
  const steps = [call, call, call].flatMap((text) => right.hear(text).steps);
  assert.deepEqual(steps.map(({ kind, why }) => [kind, why]), [
    ["accept", "the line is as set: 9600 8N1 (or 8N2, 7S1)"],
  ]);
  const wrong = newSurvey("9600 7E1");
  const against = [call, call, call, call, call, call].flatMap((text) => wrong.hear(text).steps);
  assert.deepEqual(against.map(({ kind }) => kind), ["mismatch"]);
  assert.match(against[0]?.why ?? "", /^set to 9600 7E1, the line looks like 9600 8N1/);
  assert.ok(wrong.survey.isEnough);
});
