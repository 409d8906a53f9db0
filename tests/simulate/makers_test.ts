import assert from "node:assert/strict";
import { type Call, countLineRecords, makerNamed, makers } from "../../src/simulate/makers.ts";
import { Random } from "../../src/simulate/random.ts";

const when = new Date(Date.UTC(2024, 5, 14, 9, 12, 44));

function callsOf(name: string, count: number, more: Partial<Call> = {}): string[] {
  const random = new Random(5);
  const maker = makerNamed(name);
  return Array.from(
    { length: count },
    (_, index) =>
      new TextDecoder().decode(maker.record({ random, sequence: index + 1, when, ...more })),
  );
}

function linesOf(text: string): number {
  return countLineRecords(new TextEncoder().encode(text));
}

Deno.test("each maker prints seven-bit text with invented 555 numbers only", () => {
  for (const { name } of makers) {
    const text = callsOf(name, 200).join("");
    assert.match(text, /^\p{ASCII}*$/u, name);
    const telephones = text.match(/\d{10,}/g) ?? [];
    for (const digits of telephones) {
      const serial = name === "NEC NEAX" || /^91/.test(digits) ? digits.slice(-10) : digits;
      assert.match(serial, /^55555501\d\d$/, name);
    }
  }
});

Deno.test("the records look as seen in the field", () => {
  const shapes: Readonly<Record<string, RegExp>> = {
    "Avaya TELESEER": /^ {3}0912\d{5} {2}9101 {5}55555501\d\d .* \r\n\0\0\0$/,
    "Toshiba CTX":
      /^N \d{3} 01 .* 06\/14 09:12:44 00:\d\d:\d\d\.0 9155555501\d\d\r\n &55555501\d\d\r\n$/,
    "Nortel Meridian": /^N \d{3} 00 T001\d{3} DN45\d\d 06\/14 .*\r\n& 55555501\d\d 45\d\d\r\n$/,
    "Norstar/BCM": /^-{8} 06\/14\/24 .* STN = \d{3}\r\nCALLING NUMBER .*\r\n.* CALL RELEASED\r\n$/,
    "Mitel SX-200": /^-06\/14 09:12 00:\d\d:\d\d T\d{3} {2}\*\d{3} \d{3} T \d{3}\r\n$/,
    "AT&T/Lucent": /^C 06\/14\/24 09:12 9155555501\d\d {8}00:.*\r\n$/,
    "Panasonic": /^14\/06\/24 09:12AM \d{3} \d\d 55555501\d\d 0'\d\d 00:\d\d'\d\d TR\r\n$/,
    "NEC NEAX": /^<STX>0!KA[^\r\n]*<ETX>\p{ASCII}$/su,
    "Aastra PC5": /^\t[^\r\n]*\r\n$/,
    "ALI to CAD": /^2\d\d\r\n555-555-01\d\d 09:12:44 06142024\r\n.*UNC Z ZUNC\r\n$/s,
  };
  for (const { name } of makers) {
    const second = (callsOf(name, 2)[1] ?? "").replace("\x02", "<STX>").replace("\x03", "<ETX>");
    const shape = shapes[name];
    assert.ok(shape?.test(second), `${name}: ${JSON.stringify(second)}`);
  }
});

Deno.test("a call makes as many line records as its maker prints lines", () => {
  const counts = Object.fromEntries(
    makers.map(({ name }) => [name, linesOf(callsOf(name, 2)[1] ?? "")]),
  );
  assert.deepEqual(counts, {
    "Avaya TELESEER": 1,
    "Toshiba CTX": 2,
    "Nortel Meridian": 2,
    "Norstar/BCM": 3,
    "Mitel SX-200": 1,
    "AT&T/Lucent": 1,
    "Panasonic": 1,
    "NEC NEAX": 0,
    "Aastra PC5": 1,
    "ALI to CAD": 7,
  });
});

Deno.test("countLineRecords() counts CR, LF and CRLF once each, blank lines too", () => {
  assert.equal(linesOf("a\rb\nc\r\n\r\n\n\r\rd"), 7);
  const torn = new TextEncoder().encode("\nb\r\n");
  assert.equal(countLineRecords(torn, 0x0d), 1);
});

Deno.test("Panasonic and Aastra begin pages with blank lines, a title, a form feed", () => {
  assert.match(callsOf("Panasonic", 41)[40] ?? "", /^\r\n\r\n\r\nDate .*\r\n-+\r\n14\/06/);
  assert.match(callsOf("Aastra PC5", 1)[0] ?? "", /^\f\r\n\t/);
});

Deno.test("NEC's check byte is the exclusive or of what stands between STX and itself", () => {
  for (const text of callsOf("NEC NEAX", 20, { numbered: true })) {
    const folded = [...text.slice(1)].reduce((sum, letter) => sum ^ letter.charCodeAt(0), 0);
    assert.equal(folded, 0);
  }
});

Deno.test("numbered calls have no two equal lines", () => {
  for (const { name } of makers) {
    const lines = callsOf(name, 300, { numbered: true }).join("")
      .split(name === "NEC NEAX" ? "\x02" : /[\r\n]+/)
      .filter((line) => /[0-9A-Z]/.test(line));
    assert.ok(lines.length >= 300, name);
    assert.equal(new Set(lines).size, lines.length, name);
  }
});

Deno.test("the same seed prints the same calls", () => {
  for (const { name } of makers) assert.deepEqual(callsOf(name, 10), callsOf(name, 10));
});

Deno.test("an unknown maker's name is answered with the known ones", () => {
  assert.throws(() => makerNamed("Acme"), /find maker: Acme: known are Avaya TELESEER, /);
  assert.equal(makerNamed("norstar/bcm").name, "Norstar/BCM");
});

Deno.test("a part of a maker's name is enough when it is the only one", () => {
  assert.equal(makerNamed("mitel").name, "Mitel SX-200");
  assert.equal(makerNamed("BCM").name, "Norstar/BCM");
  assert.throws(() => makerNamed("nor"), /find maker: nor: known are .*Nortel Meridian, Norstar/);
  assert.throws(() => makerNamed(""), /known are /);
});
