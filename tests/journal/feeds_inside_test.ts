// Journals whose records may hold line feeds: only the index says that a record has ended.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import fc from "fast-check";
import type { FramingConfig } from "../../src/config/framing_schema.ts";
import { framerFor } from "../../src/framer/framer_for.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import { framings, nameOf, stream } from "../support/framed_records.ts";
import {
  bytesOf,
  headerText,
  JournalBox,
  name,
  plain,
  readAll,
  textOf,
  timeMs,
} from "../support/journal_box.ts";
import { seeds } from "../support/seeds.ts";

const log = `${name}.log`;
const index = `${name}.idx`;
const continuation: FramingConfig = { mode: "continuation", continuation_characters: "& \t" };

/** Appends text where the journal stands; `"…"` is a silence. */
function read(journal: Journal, framing: FramingConfig, text: string): void {
  const framer = framerFor(framing, journal.position);
  const fragments = text === "…" ? framer.flush("idle") : framer.push(bytesOf(text));
  if (fragments.length > 0) journal.append(fragments, timeMs);
}

async function records(journal: Journal): Promise<string[]> {
  await journal.sync();
  return (await readAll(journal)).records.map(plain).map(({ text, end }) => `${text} (${end})`);
}

/** What a kill leaves after the journal took `text`. */
async function killed(text: string, framing = continuation): Promise<JournalBox> {
  using box = new JournalBox();
  await using journal = await box.open({ feedsInside: true });
  read(journal, framing, text);
  return box.copy();
}

for (const seed of seeds()) {
  for (const framing of framings) {
    Deno.test(`${nameOf(framing)} (seed ${seed}): killed behind every byte, a journal holds the same as without`, async () => {
      const options = { feedsInside: true, maxSegmentBytes: 200 };
      await fc.assert(
        fc.asyncProperty(stream(24), async (text) => {
          using calm = new JournalBox();
          await using unbroken = await calm.open(options);
          read(unbroken, framing, text);
          const openBytes = unbroken.position.openBytes;
          read(unbroken, framing, "…");
          let box = new JournalBox();
          try {
            for (const byte of text) {
              await using journal = await box.open(options);
              read(journal, framing, byte);
              const left = box.copy();
              box[Symbol.dispose]();
              box = left;
            }
            await using last = await box.open(options);
            assert.equal(last.position.openBytes, openBytes);
            read(last, framing, "…");
            assert.deepEqual(await records(last), await records(unbroken));
            assert.deepEqual(box.complaints(), []);
          } finally {
            box[Symbol.dispose]();
          }
        }),
        { seed, numRuns: 6 },
      );
    });
  }
}

Deno.test("the log of several lines holds no line feed that was not sent, and people can read it", async () => {
  using box = await killed("one\r\n& more\r\ntwo\r\n");
  await using journal = await box.open({ feedsInside: true });
  read(journal, continuation, "…");
  assert.equal(box.logText(), `${headerText}one\r\n& more\r\n${headerText}two\r\n`);
  assert.deepEqual(await records(journal), ["one\r\n& more\r (next_begins)", "two\r (gap)"]);
});

Deno.test("a record that is cut within a line, or ends in another byte, gets a line feed", async () => {
  using box = await killed("one\r\n& mo");
  await using journal = await box.open({ feedsInside: true });
  read(journal, continuation, "…");
  read(journal, continuation, "two\r");
  read(journal, continuation, "…");
  assert.equal(box.logText(), `${headerText}one\r\n& mo\n${headerText}two\r\n`);
});

Deno.test("a line feed at the end of a frame is a byte of it, and the line's own follows", async () => {
  const framing: FramingConfig = { mode: "idle", gap_ms: 500 };
  using box = await killed("one\r\n", framing);
  await using journal = await box.open({ feedsInside: true });
  assert.equal(journal.position.openBytes, 5);
  read(journal, framing, "…");
  assert.deepEqual(await records(journal), ["one\r\n (gap)"]);
});

Deno.test("lines that only look torn stay in the record that was open at a kill", async () => {
  const framing: FramingConfig = { mode: "idle", gap_ms: 500 };
  for (const end of ["\0\0\0", "[", headerText.slice(0, -1), "\0\n", "\n\n"]) {
    using box = await killed(`one\n${end}`, framing);
    await using journal = await box.open({ feedsInside: true });
    assert.equal(journal.position.openBytes, 4 + end.length, JSON.stringify(end));
    read(journal, framing, "…");
    assert.deepEqual(await records(journal), [`one\n${end} (gap)`]);
    assert.deepEqual(box.complaints(), []);
  }
});

Deno.test("a line like our own header, inside a whole record, stays in it through a kill", async () => {
  const framing: FramingConfig = { mode: "stx_etx", start_byte: 2, end_byte: 3, check_byte: false };
  using box = await killed(`\x02one\n${headerText}two\n\x03\x02th`, framing);
  await using journal = await box.open({ feedsInside: true });
  assert.deepEqual(await records(journal), [`\x02one\n${headerText}two\n\x03 (etx)`]);
  assert.equal(journal.position.openBytes, 3);
});

Deno.test("a line like our own header, in the record that was open at a kill, loses no byte", async () => {
  const framing: FramingConfig = { mode: "idle", gap_ms: 500 };
  using box = await killed(`one\n${headerText}two\n`, framing);
  await using journal = await box.open({ feedsInside: true });
  read(journal, framing, "…");
  assert.deepEqual(await records(journal), ["one (recovered)", "two\n (gap)"]);
  assert.deepEqual(box.complaints(), []);
});

Deno.test("a power cut behind a line of the open record ends it as partial, and adds no line feed", async () => {
  using box = await killed("one\r\ntwo\r\n");
  await using journal = await box.open({ feedsInside: true, boot: "second boot" });
  read(journal, continuation, "& more\r\n");
  read(journal, continuation, "…");
  assert.deepEqual(await records(journal), [
    "one\r (next_begins)",
    "two\r (reboot)",
    "& more\r (gap)",
  ]);
  assert.equal(
    box.logText(),
    `${headerText}one\r\n${headerText}two\r\n${headerText}& more\r\n`,
  );
});

Deno.test("entries that a power cut took come back, and the last record is not taken for whole", async () => {
  using box = await killed("one\r\n& more\r\ntwo\r\nthree\r\n");
  for (const entries of [0, 1, 2]) {
    using cut = box.copy();
    const bytes = indexHeaderBytes + entries * indexEntryBytes;
    cut.write(index, box.bytes(index).subarray(0, bytes));
    await using journal = await cut.open({ feedsInside: true, boot: "second boot" });
    assert.deepEqual(await records(journal), [
      `one\r\n& more\r (${entries > 0 ? "next_begins" : "recovered"})`,
      `two\r (${entries > 1 ? "next_begins" : "recovered"})`,
      "three\r (reboot)",
    ]);
  }
});

Deno.test("a log cut by a power cut at any byte gives its whole records, and no byte twice", async () => {
  using box = await killed("one\r\n& more\r\ntwo\r\nthree\r\n");
  const whole = box.bytes(log);
  for (let length = 0; length <= whole.length; length++) {
    using cut = box.copy();
    cut.write(log, whole.subarray(0, length));
    await using journal = await cut.open({ feedsInside: true, boot: "second boot" });
    const found = (await records(journal)).join("");
    const sent = "one\r\n& more\rtwo\rthree\r";
    assert.ok(sent.startsWith(found.replace(/ \(\w+\)/g, "")), `${length}: ${found}`);
  }
});

Deno.test("with its index lost, a log's last record is kept as whole, and none is joined to another", async () => {
  using box = await killed("one\r\n& more\r\ntwo\r\n");
  rmSync(box.path(index));
  await using journal = await box.open({ feedsInside: true });
  read(journal, continuation, "three\r\n");
  read(journal, continuation, "…");
  assert.deepEqual(await records(journal), [
    "one\r\n& more\r (recovered)",
    "two\r (recovered)",
    "three\r (gap)",
  ]);
});

Deno.test("where records are lines, a line feed at the log's end still ends the last one", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  read(journal, { mode: "line" }, "one\ntwo\n");
  using left = box.copy();
  left.write(index, box.bytes(index).subarray(0, indexHeaderBytes + indexEntryBytes));
  await using heir = await left.open();
  assert.equal(heir.position.openBytes, null);
  assert.deepEqual(await records(heir), ["one (line_feed)", "two (recovered)"]);
});

/** A box killed behind a rotation that moved an open record of two lines along. */
async function rotatedBox(): Promise<JournalBox> {
  using box = new JournalBox();
  await using journal = await box.open({ feedsInside: true, maxSegmentBytes: 1 });
  for (const text of ["one\r\n& 1\r\n", "two\r\n", "& 2\r\n"]) read(journal, continuation, text);
  await journal.sync();
  assert.equal(box.rotated().length, 1);
  return box.copy();
}

async function assertBoth(box: JournalBox, endOfOne: string): Promise<void> {
  await using journal = await box.open({ feedsInside: true });
  assert.equal(textOf(journal.position.readOpen()), "two\r\n& 2\r\n");
  read(journal, continuation, "…");
  assert.deepEqual(await records(journal), [`one\r\n& 1\r (${endOfOne})`, "two\r\n& 2\r (gap)"]);
}

Deno.test("the last record of a rotated log is whole when its entry is lost: the next log says so", async () => {
  using box = await rotatedBox();
  const rotatedIndex = `${box.rotated()[0]}.idx`;
  box.write(rotatedIndex, box.bytes(rotatedIndex).subarray(0, indexHeaderBytes));
  await assertBoth(box, "recovered");
});

Deno.test("an open record that a rotation copied and could not cut off any more stands once", async () => {
  using box = await rotatedBox();
  const rotatedLog = `${box.rotated()[0]}.log`;
  const cut = box.bytes(rotatedLog);
  box.write(rotatedLog, bytesOf(`${textOf(cut)}${headerText}two\r\n`));
  await assertBoth(box, "next_begins");
  assert.equal(textOf(box.bytes(rotatedLog)), textOf(cut));
});
