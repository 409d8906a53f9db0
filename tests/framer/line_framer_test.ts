import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fragment, FramerPosition } from "../../src/framer/framer.ts";
import { LineFramer } from "../../src/framer/line_framer.ts";
import type { RecordEnd } from "../../src/record.ts";

const start: FramerPosition = { openBytes: null, lastEnd: null };

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Fragments put together: each record as its text and its end, `null` while it is open. */
function joined(fragments: readonly Fragment[]): [string, RecordEnd | null][] {
  const records: [string, RecordEnd | null][] = [];
  let open = "";
  for (const [i, { bytes, end }] of fragments.entries()) {
    open += textOf(bytes);
    if (end === null && i < fragments.length - 1) continue;
    records.push([open, end]);
    open = "";
  }
  return records;
}

function frame(
  chunks: readonly string[],
  options: { readonly position?: FramerPosition; readonly maxBytes?: number } = {},
): [string, RecordEnd | null][] {
  const framer = new LineFramer({ position: start, ...options });
  return joined(chunks.flatMap((chunk) => framer.push(bytesOf(chunk))));
}

/** Bytes in which terminators are frequent, cut at random places. */
const stream = fc.array(
  fc.uint8Array({ maxLength: 12 }).map((bytes) =>
    bytes.map((byte) => byte < 60 ? 0x0a : byte < 120 ? 0x0d : byte)
  ),
  { maxLength: 12 },
);

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

Deno.test("LF, CRLF and CR alone end a record", () => {
  assert.deepEqual(frame(["a\nb\r\nc\rd"]), [
    ["a", "line_feed"],
    ["b", "carriage_return"],
    ["c", "carriage_return"],
    ["d", null],
  ]);
});

Deno.test("a CRLF may be split at every place, even around empty chunks", () => {
  const text = "a\r\nb\r\n";
  const whole = [["a", "carriage_return"], ["b", "carriage_return"]];
  for (let at = 0; at <= text.length; at++) {
    assert.deepEqual(frame([text.slice(0, at), "", text.slice(at)]), whole, `split at ${at}`);
  }
});

Deno.test("blank lines are records, in every spelling", () => {
  const blank = (end: RecordEnd): [string, RecordEnd] => ["", end];
  assert.deepEqual(frame(["\n\n"]), [blank("line_feed"), blank("line_feed")]);
  assert.deepEqual(frame(["\r\r"]), [blank("carriage_return"), blank("carriage_return")]);
  assert.deepEqual(frame(["\r\n\r\n"]), [blank("carriage_return"), blank("carriage_return")]);
  assert.deepEqual(frame(["\n\r"]), [blank("line_feed"), blank("carriage_return")]);
});

Deno.test("every byte but CR and LF is kept as it is", () => {
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i))
    .filter((byte) => byte !== "\r" && byte !== "\n").join("");
  assert.deepEqual(frame([`${all}\n`]), [[all, "line_feed"]]);
});

Deno.test("how a stream is split into chunks does not matter", () => {
  fc.assert(fc.property(stream, fc.integer({ min: 1, max: 9 }), (chunks, maxBytes) => {
    const split = new LineFramer({ position: start, maxBytes });
    const whole = new LineFramer({ position: start, maxBytes });
    assert.deepEqual(
      joined(chunks.flatMap((chunk) => split.push(chunk))),
      joined(whole.push(concatenate(chunks))),
    );
  }));
});

Deno.test("records and their ends give back every byte that is not a terminator", () => {
  fc.assert(fc.property(stream, fc.integer({ min: 1, max: 9 }), (chunks, maxBytes) => {
    const framer = new LineFramer({ position: start, maxBytes });
    const records = joined(chunks.flatMap((chunk) => framer.push(chunk)));
    const sent = textOf(concatenate(chunks));
    assert.equal(records.map(([text]) => text).join(""), sent.replace(/[\r\n]/g, ""));
    const lines = sent.replaceAll("\r\n", "\n").split(/[\r\n]/);
    const ended = records.filter(([, end]) => end !== null && end !== "too_long");
    assert.equal(ended.length, lines.length - 1);
    for (const [text, end] of records) {
      assert.ok(text.length <= maxBytes);
      if (end === "too_long") assert.equal(text.length, maxBytes);
    }
  }));
});

Deno.test("fragments are views of the chunk, so that nothing is copied", () => {
  const chunk = bytesOf("one\ntwo");
  const framer = new LineFramer({ position: start });
  for (const { bytes } of framer.push(chunk)) assert.equal(bytes.buffer, chunk.buffer);
});

Deno.test("a record of exactly the longest size is whole, one byte more is cut", () => {
  assert.deepEqual(frame(["abcd\n"], { maxBytes: 4 }), [["abcd", "line_feed"]]);
  assert.deepEqual(frame(["abcde\n"], { maxBytes: 4 }), [["abcd", "too_long"], ["e", "line_feed"]]);
  assert.deepEqual(frame(["ab", "cd", "e", "fghi"], { maxBytes: 4 }), [
    ["abcd", "too_long"],
    ["efgh", "too_long"],
    ["i", null],
  ]);
});

Deno.test("a record that is already longer than the longest size is cut at the next byte", () => {
  const position: FramerPosition = { openBytes: 9, lastEnd: null };
  assert.deepEqual(frame(["xyz\n"], { position, maxBytes: 4 }), [
    ["", "too_long"],
    ["xyz", "line_feed"],
  ]);
});

Deno.test("flush() ends the open record with the given reason", () => {
  const framer = new LineFramer({ position: start });
  framer.push(bytesOf("ab"));
  assert.deepEqual(joined(framer.flush("hang_up")), [["", "hang_up"]]);
  assert.deepEqual(framer.flush("hang_up"), [], "nothing is open any more");
});

Deno.test("flush() gives nothing when no record is open", () => {
  const framer = new LineFramer({ position: start });
  assert.deepEqual(framer.flush("idle"), []);
  framer.push(bytesOf("a\r\n"));
  assert.deepEqual(framer.flush("stop"), []);
});

for (const reason of ["idle", "hang_up", "stop"] as const) {
  for (const terminator of ["\n", "\r", "\r\n"]) {
    const title = `${JSON.stringify(terminator)} right behind a record flushed as ${reason}`;
    Deno.test(`${title} is its own end, and only once`, () => {
      for (const chunks of [[terminator, terminator], [...terminator, ...terminator]]) {
        const framer = new LineFramer({ position: start });
        framer.push(bytesOf("ab"));
        framer.flush(reason);
        const records = joined(chunks.flatMap((chunk) => framer.push(bytesOf(chunk))));
        const end = terminator === "\n" ? "line_feed" : "carriage_return";
        assert.deepEqual(records, [["", end]]);
      }
    });
  }
}

Deno.test("a framer goes on where the position says, as if it had never stopped", () => {
  fc.assert(fc.property(stream, stream, (before, after) => {
    const unbroken = new LineFramer({ position: start });
    const records = joined(before.flatMap((chunk) => unbroken.push(chunk)));
    const last = records.at(-1);
    const openBytes = last?.[1] === null ? last[0].length : null;
    const lastEnd = (openBytes === null ? last : records.at(-2))?.[1] ?? null;
    // An LF that was swallowed is not told by the position; the next chunk must not begin with one.
    const rest = concatenate(after);
    fc.pre(rest[0] !== 0x0a || lastEnd !== "carriage_return");
    const resumed = new LineFramer({ position: { openBytes, lastEnd } });
    assert.deepEqual(joined(resumed.push(rest)), joined(unbroken.push(rest)));
  }));
});

Deno.test("the LF of a CRLF is swallowed after a restart between the two", () => {
  for (const lastEnd of ["carriage_return", "recovered"] as const) {
    const position: FramerPosition = { openBytes: null, lastEnd };
    assert.deepEqual(frame(["\nb\n"], { position }), [["b", "line_feed"]]);
  }
});

Deno.test("a blank line after a restart behind an LF is a record", () => {
  const position: FramerPosition = { openBytes: null, lastEnd: "line_feed" };
  assert.deepEqual(frame(["\nb\n"], { position }), [["", "line_feed"], ["b", "line_feed"]]);
});
