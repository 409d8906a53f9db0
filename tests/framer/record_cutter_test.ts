import assert from "node:assert/strict";
import fc from "fast-check";
import { framerFor } from "../../src/framer/framer_for.ts";
import { GapRule } from "../../src/framer/gap_rule.ts";
import { LengthRule } from "../../src/framer/length_rule.ts";
import { MultiLineRule } from "../../src/framer/multi_line_rule.ts";
import { type CuttingRule, RecordCutter } from "../../src/framer/record_cutter.ts";
import {
  atStart,
  framed,
  framings,
  joined,
  nameOf,
  startBehind,
  stream,
} from "../support/framed_records.ts";
import { bytesOf } from "../support/journal_box.ts";
import { seeds } from "../support/seeds.ts";

function cutter(rule: CuttingRule, maxBytes: number): RecordCutter {
  return new RecordCutter({ rule, start: atStart, maxBytes });
}

for (const seed of seeds()) {
  for (const framing of framings) {
    const name = `${nameOf(framing)} (seed ${seed})`;

    Deno.test(`${name}: one byte at a time gives the same records, and none of the bytes is missing`, () => {
      fc.assert(
        fc.property(stream(80), (text) => {
          const whole = framed(framerFor(framing, atStart), [text, "…"]);
          assert.deepEqual(framed(framerFor(framing, atStart), [...text, "…"]), whole);
          assert.equal(whole.map(([bytes]) => bytes).join(""), text);
        }),
        { seed, numRuns: 300 },
      );
    });

    Deno.test(`${name}: wherever it is killed, it goes on as if it had not been`, () => {
      fc.assert(
        fc.property(stream(60), fc.nat(60), (text, at) => {
          const whole = framed(framerFor(framing, atStart), [text, "…"]);
          const before = framed(framerFor(framing, atStart), [text.slice(0, at)]);
          const heir = framerFor(framing, startBehind(before));
          const rest = [...heir.push(bytesOf(text.slice(at))), ...heir.flush("idle")];
          assert.deepEqual(joined(rest, before), whole);
        }),
        { seed, numRuns: 300 },
      );
    });
  }
}

Deno.test("a record of the longest size is whole, one byte more is cut", () => {
  const gap = new GapRule({ gapMs: 500 });
  assert.deepEqual(framed(cutter(gap, 4), ["abcd", "…"]), [["abcd", "gap"]]);
  assert.deepEqual(framed(cutter(gap, 4), ["ab", "cde", "…"]), [["abcd", "too_long"], [
    "e",
    "gap",
  ]]);
  assert.deepEqual(framed(cutter(new LengthRule({ lengthBytes: 4 }), 4), ["abcdefgh"]), [
    ["abcd", "length"],
    ["efgh", "length"],
  ]);
  const lines = new MultiLineRule((byte) => byte !== 0x26);
  assert.deepEqual(framed(cutter(lines, 4), ["abc\nabcdef\n&"]), [
    ["abc\n", "next_begins"],
    ["abcd", "too_long"],
    ["ef\n&", null],
  ]);
});

Deno.test("fragments are views of the chunk, so that nothing is copied", () => {
  const chunk = bytesOf("\x02one\x03\x02tw");
  const framer = framerFor(
    { mode: "stx_etx", start_byte: 2, end_byte: 3, check_byte: false },
    atStart,
  );
  const fragments = framer.push(chunk);
  assert.equal(fragments.length, 2);
  for (const { bytes } of fragments) assert.equal(bytes.buffer, chunk.buffer);
});

Deno.test("a framer without an open record has nothing to flush", () => {
  for (const framing of framings) {
    for (const end of ["idle", "hang_up", "stop"] as const) {
      assert.deepEqual(framerFor(framing, atStart).flush(end), []);
    }
  }
});

Deno.test("what goes away or is stopped in a record leaves it partial in every framing", () => {
  for (const framing of framings) {
    for (const end of ["hang_up", "stop"] as const) {
      const framer = framerFor(framing, atStart);
      framer.push(bytesOf("a\r\n"));
      assert.deepEqual(framer.flush(end).map((fragment) => fragment.end), [end], nameOf(framing));
    }
  }
});

Deno.test("a line feed at the end of a record is its terminator only where records are lines", () => {
  const ownFeeds = framings.map((framing) => {
    const framer = framerFor(framing, atStart);
    framer.push(bytesOf("abc\r\n"));
    return [nameOf(framing), framer.flush("stop")[0]?.ownFeed ?? false];
  });
  assert.deepEqual(ownFeeds.filter(([, own]) => own).map(([name]) => name), [
    "continuation",
    "pattern",
  ]);
});

Deno.test("only a framing by silence says how long a silence is", () => {
  const said = framings.map((framing) => framerFor(framing, atStart).gapMs);
  assert.deepEqual(said.filter((ms) => ms !== undefined), [500]);
});
