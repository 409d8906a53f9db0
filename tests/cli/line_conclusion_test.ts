import assert from "node:assert/strict";
import { conclude, type LineFindings, readSignals } from "../../src/cli/line_conclusion.ts";
import { framings } from "../../src/source/serial/framing.ts";
import type { Suspect } from "../../src/source/serial/line_scores.ts";
import { type ModemLines, unknownLines } from "../../src/source/serial/modem_lines.ts";

const allOff: ModemLines = { cts: "off", dsr: "off", dcd: "off", ri: "off" };

const nothing: LineFindings = {
  device: "/dev/ttyS0",
  seconds: 60.2,
  arrived: { whole: 0, damaged: 0, breaks: 0, distinct: 0 },
  counts: { characters: 0, damaged: 0, breaks: 0, undecodable: 0 },
  goodCharacters: 0,
  signals: unknownLines,
  asked: null,
  found: null,
  mismatch: null,
  baudRates: [1200, 9600],
};

function suspect(name: string, topBitVaries = false): Suspect {
  const framing = framings.find((each) => each.name === name && each.topBitVaries === topBitVaries);
  assert.ok(framing);
  return { baudRate: 9600, framing };
}

Deno.test("modem lines tell what is at the other end, as far as there are any", () => {
  assert.equal(
    readSignals({ ...allOff, dsr: "on", dcd: "on" }),
    "DSR and DCD are on: something is plugged in and switched on; CTS is off, which does not " +
      "keep equipment from sending",
  );
  assert.match(readSignals({ ...allOff, cts: "on", dsr: "on", dcd: "on" }), /switched on$/);
  assert.match(readSignals(allOff), /^CTS, DSR and DCD are off: nothing is plugged in/);
  assert.match(readSignals({ ...unknownLines, cts: "off" }), /^CTS is off: /);
  assert.match(readSignals({ ...unknownLines, ri: "on" }), /cannot be seen$/);
});

Deno.test("a silent line: where a line is up, the printer port is looked at first, else the cable", () => {
  const lit = conclude({ ...nothing, signals: { ...allOff, dsr: "on" } });
  assert.equal(lit.verdict, "silent");
  assert.equal(lit.text, "no byte in 60 s");
  assert.match(lit.advice[0] ?? "", /^DSR is on/);
  assert.match(lit.advice[1] ?? "", /printer port/);
  assert.ok(!lit.advice.some((each) => each.startsWith("cable:")));
  assert.match(lit.advice.at(-1) ?? "", /^DTR and RTS are raised/);
  const dark = conclude({ ...nothing, signals: allOff });
  assert.match(dark.advice[1] ?? "", /^cable:/);
  assert.match(dark.advice[2] ?? "", /^null modem:/);
  const blind = conclude(nothing);
  assert.ok(!blind.advice.some((each) => each.includes("DTR")), "it is not known to be raised");
});

Deno.test("a line that is found is said with what to mind of it", () => {
  const found = suspect("7E1");
  const good = conclude({ ...nothing, found, goodCharacters: 500 });
  assert.deepEqual(good, { verdict: "found", text: "the line is 9600 7E1 (or 7E2)", advice: [] });
  const counts = { characters: 530, damaged: 8, breaks: 2, undecodable: 20 };
  const bad = conclude({ ...nothing, found, goodCharacters: 500, counts });
  assert.match(bad.advice[0] ?? "", /^damage: 10 of 510 characters arrived damaged/);
  assert.match(bad.advice[1] ?? "", /^20 characters came before the speed was known/);
  const usual = conclude({ ...nothing, found, goodCharacters: 1100, counts });
  assert.ok(!usual.advice.some((each) => each.startsWith("damage")));
  assert.match(conclude({ ...nothing, found: suspect("8N1", true) }).advice.join(), /top bit/);
});

Deno.test("settings that were given are judged: so, or not so and how to go on", () => {
  const asked = "9600 7E1";
  const { verdict, text } = conclude({ ...nothing, asked, found: suspect("7E1") });
  assert.deepEqual([verdict, text], ["as_set", "the line is as set: 9600 7E1 (or 7E2)"]);
  const mismatch = "set to 9600 7E1, the line looks like 1200 baud";
  assert.deepEqual(conclude({ ...nothing, asked, mismatch }), {
    verdict: "mismatch",
    text: mismatch,
    advice: ["to find out what it is: nectarcollector detect /dev/ttyS0"],
  });
});

Deno.test("little traffic is told from traffic that fits nothing, and either by how it arrived", () => {
  const of = (arrived: Partial<LineFindings["arrived"]>): ReturnType<typeof conclude> =>
    conclude({ ...nothing, arrived: { ...nothing.arrived, distinct: 60, ...arrived } });
  const little = of({ whole: 399 });
  assert.equal(little.verdict, "too_little");
  assert.match(little.text, /^399 characters in 60 s are too few/);
  assert.match(little.advice[0] ?? "", /^make calls/);
  const unclear = of({ whole: 400 });
  assert.equal(unclear.verdict, "unclear");
  assert.match(unclear.advice.join("\n"), /^speeds tried: 1200, 9600;/m);
  assert.doesNotMatch(unclear.advice.join("\n"), /breaks|heartbeat|damaged/);
  assert.match(of({ breaks: 300, whole: 200 }).advice[0] ?? "", /slower than 1200 baud, or rests/);
  assert.match(of({ whole: 500, distinct: 3 }).advice[0] ?? "", /^only 3 different characters:/);
  assert.match(of({ whole: 300, damaged: 200 }).advice[0] ?? "", /^many characters .* damaged/);
  assert.match(of({ whole: 1, distinct: 1 }).text, /^1 character in/);
});
