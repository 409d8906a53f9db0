import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { RawText } from "../../../src/channel/raw/raw_text.ts";
import { encodeMarks, INPCK, PARMRK } from "../../../src/simulate/marks.ts";
import type { Reception, ReceptionKind } from "../../../src/simulate/uart.ts";
import { bytesIn } from "../../support/raw_lines.ts";
import { seeds } from "../../support/seeds.ts";

/** Bytes as a port hands them out, with marks, and with what looks like marks. */
const bytes = fc.uint8Array({ maxLength: 40 });
const looksLikeMarks = fc.array(
  fc.constantFrom(0, 0xff, 0x41, 0x22, 0x5c, 0x3c, 0x0a, 0xe9),
  { maxLength: 40 },
).map((values) => Uint8Array.from(values));
const reads = fc.array(fc.oneof(bytes, looksLikeMarks), { maxLength: 10 });

const receptions = fc.array(fc.record({
  kind: fc.constantFrom<ReceptionKind>("byte", "framing", "parity"),
  byte: fc.oneof(fc.constantFrom(0, 0xff, 0x5c), fc.integer({ min: 0, max: 255 })),
}));

for (const seed of seeds()) {
  Deno.test(`raw text turns back into the very bytes of every read, wherever reads cut a mark (SEED=${seed})`, () => {
    fc.assert(
      fc.property(reads, (chunks) => {
        const text = new RawText();
        for (const chunk of chunks) {
          const line = text.of(chunk);
          assert.match(line, /^[ -~]*$/);
          assert.deepEqual(bytesIn(`"${line}"`), Buffer.from(chunk), line);
        }
      }),
      { seed, numRuns: 2000 },
    );
  });

  Deno.test(`raw text names each damaged byte and break, and nothing else (SEED=${seed})`, () => {
    fc.assert(
      fc.property(receptions, (received) => {
        const text = new RawText().of(encodeMarks(received, PARMRK | INPCK));
        const marks = text.replaceAll("\\\\", "").match(/\\<[^>]*>/g) ?? [];
        assert.deepEqual(marks, received.flatMap(markOf));
      }),
      { seed },
    );
  });
}

function markOf({ kind, byte }: Reception): string[] {
  if (kind === "byte") return [];
  const hex = byte.toString(16).toUpperCase().padStart(2, "0");
  return [byte === 0 ? "\\<break>" : `\\<damaged:${hex}>`];
}

function textOf(...chunks: readonly (readonly number[])[]): string[] {
  const text = new RawText();
  return chunks.map((chunk) => text.of(Uint8Array.from(chunk)));
}

Deno.test("what a person reads: text as it is, the rest with a backslash", () => {
  const sent = Buffer.from('N 044 01 "x" \\<break>\t\r\n\x00\x02\xe9', "latin1");
  assert.deepEqual(textOf([...sent, 0xff, 0xff, 0xff, 0, 0x41, 0xff, 0, 0, 0xff, 0, 0xff]), [
    'N 044 01 \\"x\\" \\\\<break>\\t\\r\\n\\x00\\x02\\xE9\\xFF\\<damaged:41>\\<break>\\<damaged:FF>',
  ]);
});

Deno.test("a mark that reads cut stands in pieces, whose bytes are not taken for others", () => {
  assert.deepEqual(textOf([0x41, 0xff], [0, 0x42, 0x43]), ["A\\<mark:FF>", "\\<mark:0042>C"]);
  assert.deepEqual(textOf([0xff, 0], [0x42, 0x43]), ["\\<mark:FF00>", "\\<mark:42>C"]);
  assert.deepEqual(textOf([0xff], [], [0], [0x42, 0x43]), [
    "\\<mark:FF>",
    "",
    "\\<mark:00>",
    "\\<mark:42>C",
  ]);
  assert.deepEqual(textOf([0xff], [0xff, 0xff], [0xff]), [
    "\\<mark:FF>",
    "\\<mark:FF>\\<mark:FF>",
    "\\<mark:FF>",
  ]);
  assert.deepEqual(textOf([0xff, 0x41, 0x42]), ["\\<mark:FF>AB"]);
  assert.deepEqual(textOf([0xff], [0x41, 0x42]), ["\\<mark:FF>", "AB"]);
});

Deno.test("what was cut off goes on no more after restart()", () => {
  const text = new RawText();
  assert.equal(text.of(Uint8Array.of(0xff)), "\\<mark:FF>");
  text.restart();
  assert.equal(text.of(Uint8Array.of(0, 0x41)), "\\x00A");
});
