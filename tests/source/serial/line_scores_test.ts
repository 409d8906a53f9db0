import assert from "node:assert/strict";
import { framings } from "../../../src/source/serial/framing.ts";
import { LineOdds } from "../../../src/source/serial/line_odds.ts";
import { LineScores, type Suspect } from "../../../src/source/serial/line_scores.ts";
import { textOdds } from "../../../src/source/serial/text_odds.ts";

const suspects: readonly Suspect[] = [9600, 1200].flatMap((baudRate) =>
  framings.slice(0, 1).map((framing) => ({ baudRate, framing }))
);
const plain = { isDamaged: false, trustedBaudRate: null } as const;

Deno.test("textOdds are those of one distribution over all characters", () => {
  const total = textOdds.reduce((sum, odds) => sum + 2 ** odds / 128, 0);
  assert.equal(textOdds.length, 128);
  assert.ok(Math.abs(total - 1) < 1e-9, `${total}`);
});

Deno.test("what repeats itself counts less each time, damage does not", () => {
  const scores = new LineScores({ suspects, prior: () => 0 });
  for (let times = 0; times < 3; times++) scores.add(65, Float64Array.of(6, -6), plain);
  assert.ok(Math.abs(scores.scoreOf(0) - 11) < 1e-9);
  assert.ok(Math.abs(scores.scoreOf(1) + 11) < 1e-9);
  for (let times = 0; times < 3; times++) {
    scores.add(300, Float64Array.of(-3, 3), { ...plain, isDamaged: true });
  }
  assert.ok(Math.abs(scores.scoreOf(0) - 2) < 1e-9);
  assert.ok(Math.abs(scores.scoreOf(1) + 5.5) < 1e-9);
});

Deno.test("at a trusted speed each character counts whole, and after a while nothing is a repetition", () => {
  const scores = new LineScores({ suspects, prior: () => 0 });
  for (let times = 0; times < 4; times++) {
    scores.add(65, Float64Array.of(1, 12), { ...plain, trustedBaudRate: 9600 });
  }
  assert.deepEqual([scores.scoreOf(0), scores.scoreOf(1)], [4, 25]);
  for (let other = 0; other < 64; other++) scores.add(100 + other, Float64Array.of(0, 0), plain);
  scores.add(65, Float64Array.of(0, 12), plain);
  assert.equal(scores.scoreOf(1), 37);
});

Deno.test("limitLag() lets none fall behind for ever, leader() asks only those that count", () => {
  const scores = new LineScores({ suspects, prior: ({ baudRate }) => baudRate === 9600 ? 0 : -90 });
  scores.limitLag(0, 60);
  assert.equal(scores.scoreOf(1), -60);
  assert.equal(scores.leader()?.suspect.baudRate, 9600);
  assert.equal(scores.leader(({ baudRate }) => baudRate < 9600)?.suspect.baudRate, 1200);
  assert.equal(scores.leader(() => false), null);
  scores.lower(70, ({ baudRate }) => baudRate === 9600);
  assert.equal(scores.leader()?.suspect.baudRate, 1200);
});

Deno.test("no single character takes more than four bits from any suspect", () => {
  const receiver = { baudRate: 9600, dataBits: 8, parity: "none", stopBits: 1 } as const;
  const odds = new LineOdds({ receiver, baudRates: [300, 1200, 9600, 19_200], framings });
  for (let byte = 0; byte < 256; byte++) {
    for (const kind of ["byte", "damaged"] as const) {
      for (const begun of ["edge", "low_stop", "unknown"] as const) {
        for (const bits of odds.of({ kind, byte }, begun)) assert.ok(bits > -4, `${kind} ${byte}`);
      }
    }
  }
});
