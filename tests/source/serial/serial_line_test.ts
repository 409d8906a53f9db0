import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { makers } from "../../../src/simulate/makers.ts";
import { Random } from "../../../src/simulate/random.ts";
import type { LineDetectorOptions } from "../../../src/source/serial/detection.ts";
import { SerialLine } from "../../../src/source/serial/serial_line.ts";
import { sentBaudRates } from "../../support/detection_windows.ts";
import { LineCable } from "../../support/line_cable.ts";
import { seeds } from "../../support/seeds.ts";

const limits = { baudRates: sentBaudRates, minBytes: 50 };
const at9600 = { baudRate: 9600, frame: { dataBits: 8, parity: "none", stopBits: 1 } } as const;
const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i);

function newLine(options: Partial<LineDetectorOptions> = {}): SerialLine {
  return new SerialLine({ ...limits, fixed: {}, ...options });
}

/** Calls as an exchange prints them, seven bits each. */
function calls(count: number, seed = 1): Buffer {
  const random = new Random(seed);
  const [maker] = makers;
  const when = new Date(Date.UTC(2026, 0, 1));
  const records = Array.from(
    { length: count },
    (_, i) => maker?.record({ random, sequence: i + 1, when }) ?? new Uint8Array(0),
  );
  return Buffer.concat(records);
}

Deno.test("with configured settings every byte comes out at once, whatever it is", () => {
  const line = newLine({ fixed: at9600 });
  const cable = new LineCable(line, 9600, "8N1");
  for (let i = 0; i < allBytes.length; i++) {
    cable.send(allBytes.subarray(i, i + 1));
    assert.deepEqual([...cable.bytes], [...allBytes.subarray(0, i + 1)]);
    assert.equal(line.undecided, 0);
  }
  assert.ok(cable.runs.every(({ damaged }) => !damaged));
  assert.deepEqual(line.settings, { baudRate: 9600, dataBits: 8, parity: "none", stopBits: 1 });
});

Deno.test("a frame that no other can be mistaken for is read as it is configured", () => {
  const frame = { dataBits: 6, parity: "odd", stopBits: 2 } as const;
  const line = newLine({ fixed: { baudRate: 9600, frame } });
  assert.deepEqual(line.receiver, { baudRate: 9600, ...frame });
  const { runs } = line.push({ bytes: Uint8Array.of(1, 0xff, 0, 2, 0xff, 0xff), timeMs: 5 });
  assert.deepEqual(runs.map(({ bytes, damaged }) => [[...bytes], damaged]), [
    [[1], false],
    [[2], true],
    [[0xff], false],
  ]);
});

Deno.test("configured settings are never left, and what contradicts them is said", () => {
  const line = newLine({ fixed: at9600 });
  const cable = new LineCable(line, 9600, "7E1");
  const sent = calls(5);
  cable.send(sent);
  assert.equal(line.mismatch, "set to 9600 8N1, the line looks like 9600 7E1 (or 7E2)");
  assert.equal(cable.bytes.length, sent.length);
  assert.deepEqual(line.settings?.dataBits, 8);
  assert.deepEqual(cable.decisions, []);
});

Deno.test("configured settings are found, too, when the line is so; until then nothing is", () => {
  for (const framing of ["8N1", "7E1"]) {
    const line = newLine({ fixed: at9600 });
    const cable = new LineCable(line, 9600, framing);
    cable.send(calls(1).subarray(0, 10));
    const early = line.found;
    cable.send(calls(5));
    assert.deepEqual([early, line.mismatch === null], [null, framing === "8N1"]);
    assert.equal(line.found?.framing.name, framing === "8N1" ? "8N1" : undefined);
    assert.equal(line.ranking[0]?.framing.name, framing);
  }
});

for (const framing of ["8N1", "8N2", "7E1", "7O1", "7N2", "7M1", "7S1"]) {
  Deno.test(`on a ${framing} line nothing is lost from the first byte on, at the usual speed and at the remembered`, () => {
    const sent = Buffer.concat([Buffer.from("\x02NEC\r\n"), calls(5)]);
    const fresh = new LineCable(newLine(), 9600, framing);
    fresh.send(sent);
    assert.ok(fresh.bytes.equals(sent));
    assert.ok(fresh.runs.every(({ damaged }) => !damaged));
    const remembered = { baudRate: 1200, dataBits: 8, parity: "none", stopBits: 1 } as const;
    const known = new LineCable(newLine({ remembered }), 1200, framing);
    known.send(sent);
    assert.ok(known.bytes.equals(sent));
    assert.equal(known.line.counts.undecodable, 0);
    assert.equal(known.line.undecided, 0);
  });
}

Deno.test("at a speed never seen before, all is recorded from where it is read at the right one", () => {
  for (const baud of sentBaudRates) {
    const line = newLine();
    const cable = new LineCable(line, baud, "7E1");
    const sent = calls(10);
    cable.send(sent);
    assert.equal(line.settings?.baudRate, baud);
    // A receiver that is set in the middle of a character reads on shifted until there is a pause, of
    // which this sender makes none; and it may leave the right speed once more before it is sure.
    const good = cable.runs.filter((run) => !run.damaged);
    const text = Buffer.concat(good.map(({ bytes }) => bytes)).toString("latin1");
    const end = sent.toString("latin1").slice(400);
    assert.ok(text.endsWith(end), `${baud}: ${JSON.stringify(text)}`);
    const { characters, undecodable } = line.counts;
    assert.equal(characters - undecodable, cable.bytes.length);
  }
});

Deno.test("a sender that is set otherwise in mid-stream is followed within a record or two", () => {
  const line = newLine();
  const cable = new LineCable(line, 9600, "8N1");
  cable.send(calls(10));
  const before = cable.bytes.length;
  assert.equal(before, calls(10).length);
  cable.change(19_200, "7E1");
  const sent = calls(10, 2).toString("latin1");
  cable.send(Buffer.from(sent, "latin1"));
  assert.deepEqual(cable.decisions.map(({ kind }) => kind).filter((kind) => kind !== "try"), [
    "accept",
    "lost",
    "accept",
  ]);
  assert.deepEqual(line.settings, { baudRate: 19_200, dataBits: 7, parity: "even", stopBits: 1 });
  // All but the first call are whole.
  const whole = sent.slice(158);
  assert.ok(cable.text.slice(before).endsWith(whole), cable.text.slice(before));
  // What was read before the receiver was set right is kept, and does not pass for a part of them.
  const begins = cable.runs.filter((run) => run.begins);
  assert.equal(begins.length, 1);
  const behind = cable.runs.slice(cable.runs.findIndex((run) => run.begins));
  const text = Buffer.concat(behind.map(({ bytes }) => bytes)).toString("latin1");
  assert.ok(text.endsWith(whole) && sent.endsWith(text.slice(-whole.length - 10)), text);
});

Deno.test("what is recorded before new settings are sure begins one record, and no second one when they are", () => {
  const line = newLine();
  const cable = new LineCable(line, 9600, "8N1");
  cable.send(calls(10));
  cable.change(19_200, "7E1");
  const sent = calls(4, 2);
  let settled = 0;
  for (const byte of sent) {
    cable.send(Uint8Array.of(byte));
    if (line.settings === null && line.receiver.baudRate === 19_200 && settled < 3) {
      const runs = line.settle("at_all");
      cable.runs.push(...runs);
      if (runs.length > 0) settled++;
    }
  }
  assert.equal(settled, 3);
  assert.equal(line.settings?.baudRate, 19_200);
  assert.equal(cable.runs.filter((run) => run.begins).length, 1);
});

for (const seed of seeds()) {
  Deno.test(`noise neither makes it hunt nor hides what is damaged (SEED=${seed})`, () => {
    const line = newLine();
    const cable = new LineCable(line, 9600, "7E1");
    cable.send(calls(5));
    cable.change(9600, "7E1", { random: new Random(seed), flipProbability: 0.01 });
    cable.send(calls(200));
    assert.deepEqual(cable.decisions.map(({ kind }) => kind), ["accept"]);
    const { characters, damaged, breaks } = line.counts;
    // Nine of a character's ten bits are checked by its parity or its stop bit; some flips in a
    // start bit shift it whole.
    assert.ok(damaged > 0.05 * characters && damaged < 0.15 * characters, `${damaged} damaged`);
    assert.ok(breaks < 0.01 * characters);
    const told = cable.runs.filter((run) => run.damaged && run.bytes.length > 0);
    assert.equal(told.length, damaged);
  });
}

Deno.test("a break stands between the bytes, as damage without a byte", () => {
  const cable = new LineCable(newLine({ fixed: at9600 }), 9600, "8N1");
  cable.send(Buffer.from("ab"));
  cable.sendBreak();
  cable.send(Buffer.from("cd"));
  const text = cable.runs.map(({ bytes, damaged }) =>
    damaged ? `<${Buffer.from(bytes)}>` : Buffer.from(bytes).toString()
  ).join("");
  assert.equal(text.replaceAll("<><>", "<>"), "ab<>cd");
});

Deno.test("a few bytes on a quiet line are recorded by likely settings, or wait", () => {
  const remembered = { baudRate: 1200, dataBits: 7, parity: "even", stopBits: 1 } as const;
  const known = new LineCable(newLine({ remembered }), 1200, "7E1");
  known.send(Buffer.from("short\r\n"));
  assert.equal(known.text, "");
  assert.equal(known.line.undecided, 7);
  const runs = known.line.settle("for_now");
  assert.equal(Buffer.concat(runs.map(({ bytes }) => bytes)).toString(), "short\r\n");
  assert.equal(known.line.undecided, 0);
  assert.deepEqual(known.line.settle("at_all"), []);
  known.send(calls(3));
  assert.equal(known.text, calls(3).toString("latin1"), "nothing comes twice");

  const unknown = new LineCable(newLine(), 9600, "8N1");
  unknown.send(Buffer.from("ab"));
  assert.deepEqual(unknown.line.settle("for_now"), []);
  assert.equal(unknown.line.undecided, 2);
  const all = unknown.line.settle("at_all");
  assert.equal(Buffer.concat(all.map(({ bytes }) => bytes)).toString(), "ab");
});

Deno.test("what no settings fit is not thrown away, however long it goes on", () => {
  const line = newLine();
  let recorded = 0;
  let pushed = 0;
  const random = new Random(7);
  while (recorded === 0 && pushed < 100_000) {
    const marked = Array.from({ length: 50 }, () => [0xff, 0, random.integer(1, 255)]);
    const { runs } = line.push({ bytes: Uint8Array.from(marked.flat()), timeMs: 0 });
    pushed += marked.length;
    for (const run of runs) {
      recorded += run.bytes.length;
      assert.equal(run.damaged, true);
    }
    const { asked } = line;
    if (asked !== null) line.applied(asked);
    assert.ok(line.undecided <= 8192);
  }
  assert.equal(recorded + line.undecided / 3 + line.counts.undecodable, pushed);
  assert.equal(line.counts.undecodable, 0);
});

Deno.test("what is undecided is the end of what was pushed, to the byte", () => {
  const bytes = fc.array(
    fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }).map((byte) => [byte]),
      fc.constant([0xff, 0xff]),
      fc.nat(255).map((byte) => [0xff, 0, byte]),
    ),
    { maxLength: 80 },
  ).map((list) => list.flat());
  fc.assert(fc.property(bytes, fc.nat(20), (bytes, cut) => {
    const line = newLine();
    for (let at = 0; at < bytes.length; at += cut + 1) {
      line.push({ bytes: Uint8Array.from(bytes.slice(at, at + cut + 1)), timeMs: 0 });
    }
    if (line.settings === null) assert.equal(line.undecided, bytes.length);
    else assert.ok(line.undecided <= 2);
  }));
});
