import assert from "node:assert/strict";
import { DetectScreen } from "../../src/cli/detect_screen.ts";
import { LineSurvey } from "../../src/cli/line_survey.ts";
import { LiveLines } from "../../src/cli/live_lines.ts";
import { unknownLines } from "../../src/source/serial/modem_lines.ts";
import { SerialLine } from "../../src/source/serial/serial_line.ts";
import { HandClock } from "../support/hand_clock.ts";

const signals = { ...unknownLines, dsr: "on" } as const;

function newScreen(isLive: boolean): {
  readonly screen: DetectScreen;
  readonly survey: LineSurvey;
  readonly clock: HandClock;
  readonly printed: string[];
} {
  const printed: string[] = [];
  const clock = new HandClock();
  const line = new SerialLine({ baudRates: [1200, 9600], minBytes: 50 });
  line.opened(line.receiver);
  const survey = new LineSurvey({ line, isSet: false, clock });
  const print = (text: string): void => void printed.push(text);
  const lines = new LiveLines({ print, live: isLive, clock, width: 70 });
  return { screen: new DetectScreen({ lines, isLive, survey }), survey, clock, printed };
}

/** A line of the block as people see it. */
function shown(line: string): string {
  return line.replace("\x1b[7m", "").replace("\x1b[27m", "").trimEnd();
}

const sent = new TextEncoder().encode("044 00 T001004\t DN4521 06/14 09:12:44 00:03:21.0\r\n");

Deno.test("on a screen a block shows how things stand, and what is concluded stands above it", async () => {
  const { screen, survey, clock, printed } = newScreen(true);
  await clock.advance(2400);
  screen.draw(signals);
  const block = printed.splice(0).map((line) => shown(line));
  assert.deepEqual(block, [
    "   2 s  listening at 9600 8N1, settings not known yet",
    "        0 characters: 0 whole, 0 damaged, 0 breaks",
    "        of these in records: 0 good, 0 damaged; 0 records",
    "        CTS unknown, DSR on, DCD unknown, RI unknown",
  ]);
  screen.tell(survey.push(sent));
  const notes = printed.splice(0).filter((line) => !line.startsWith("\x1b"));
  assert.deepEqual(notes, [
    "   2.4 s  found    50 characters are text at 9600 8N1 (or 8N2, 7S1)",
    "   2.4 s  record   044 00 T001004\\t DN4521 06/14 09:12:44 00:03:21.0",
  ]);
  screen.draw(signals);
  assert.match(printed.join("\n"), /listening at 9600 8N1 {2}/, "they are known now");
  assert.match(printed.join("\n"), /9600 8N1 \(or 8N2, 7S1\) +> 99\.9 % {2}#{20}/);
});

Deno.test("in a pipe one line says how things stand, every five seconds", async () => {
  const { screen, survey, clock, printed } = newScreen(false);
  screen.draw(signals);
  assert.deepEqual(printed, []);
  await clock.advance(5000);
  survey.push(sent.subarray(0, 5));
  screen.draw(signals);
  assert.match(
    printed.join("\n"),
    /^5 s; listening at 9600 8N1; 5 characters: .*; CTS unknown, DSR on, .*; 9600 8N1 .* \d+\.\d %;/,
  );
});

Deno.test("a record says what is the matter with it, and a long one only its beginning", () => {
  const { screen, printed } = newScreen(false);
  const bytes = new Uint8Array(200);
  screen.tellRecords([{ bytes, length: 512, damaged: true, partial: true }]);
  assert.match(printed[0] ?? "", /record {3}(\\x00){50} … \(512 bytes\) {2}\(damaged, no end\)$/);
});
