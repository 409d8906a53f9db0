import assert from "node:assert/strict";
import { LiveLines } from "../../src/cli/live_lines.ts";
import { HandClock } from "../support/hand_clock.ts";

function liveLines(live: boolean): { lines: LiveLines; printed: string[]; clock: HandClock } {
  const printed: string[] = [];
  const clock = new HandClock();
  const print = (line: string): void => void printed.push(line);
  return { lines: new LiveLines({ print, live, clock, width: 8 }), printed, clock };
}

Deno.test("on a screen the lines are written anew in their place, cut to its width", () => {
  const { lines, printed } = liveLines(true);
  lines.show(["one", "two, which is long"]);
  assert.deepEqual(printed.splice(0), ["\x1b[7mone     \x1b[27m", "\x1b[7mtwo, whi\x1b[27m"]);
  lines.show(["three"]);
  assert.deepEqual(printed, ["\x1b[2A\x1b[J\x1b[1A", "\x1b[7mthree   \x1b[27m"]);
});

Deno.test("on a screen a note stands above the lines", () => {
  const { lines, printed } = liveLines(true);
  lines.show(["one"]);
  printed.length = 0;
  lines.note("a note");
  assert.deepEqual(printed, ["\x1b[1A\x1b[J\x1b[1A", "a note", "\x1b[7mone     \x1b[27m"]);
});

Deno.test("on a screen closed lines stay where they are", () => {
  const { lines, printed } = liveLines(true);
  lines.show(["one"]);
  lines.close();
  printed.length = 0;
  lines.note("the end");
  assert.deepEqual(printed, ["the end"]);
});

Deno.test("in a pipe the lines come whole, every five seconds, and notes at once", async () => {
  const { lines, printed, clock } = liveLines(false);
  await clock.advance(4999);
  lines.show(["too early"]);
  lines.note("a note");
  await clock.advance(1);
  lines.show(["one, which is long"]);
  lines.show(["too early again"]);
  assert.deepEqual(printed, ["a note", "one, which is long"]);
});
