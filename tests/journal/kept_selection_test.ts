import assert from "node:assert/strict";
import type { Journal } from "../../src/journal/journal.ts";
import { indexEntryBytes, indexHeaderBytes } from "../../src/journal/segment_index.ts";
import { KeptJournal } from "../../src/journal/kept_journal.ts";
import { type KeptSelection, selectKept } from "../../src/journal/kept_selection.ts";
import { KeptRecords } from "../../src/journal/kept_records.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, JournalBox, name, textOf } from "../support/journal_box.ts";

const all = { sinceMs: -Infinity, untilMs: Infinity, from: 1, to: Infinity };

/** Records read at these times, in segments of a few records. */
async function fed(box: JournalBox, times: readonly number[]): Promise<Journal> {
  const journal = await box.open({ maxSegmentBytes: 120 });
  for (const timeMs of times) {
    feed(journal, `call ${timeMs}\r\n`, timeMs);
    await journal.sync();
  }
  return journal;
}

function kept({ folder, tailFolder, statePath }: JournalBox): KeptJournal {
  return new KeptJournal({ disk: systemDisk, folder, tailFolders: [tailFolder], statePath, name });
}

async function select(
  journal: KeptJournal,
  bounds: Partial<typeof all>,
): Promise<KeptSelection> {
  return await selectKept(journal, { ...all, ...bounds }, new AbortController().signal);
}

Deno.test("records are selected by their own time, also where the clock stepped back", async () => {
  using box = new JournalBox();
  await using _journal = await fed(box, [10, 20, 30, 15, 25, 35, 40, 40, 50]);
  using journal = kept(box);
  assert.ok(journal.segments.length > 2);
  const { ranges, records, first, last } = await select(journal, { sinceMs: 20, untilMs: 40 });
  assert.deepEqual(ranges, [{ from: 2, to: 3 }, { from: 5, to: 6 }]);
  assert.equal(records, 4);
  assert.deepEqual([first, last], [{ sequence: 2, timeMs: 20 }, { sequence: 6, timeMs: 35 }]);
  assert.deepEqual((await select(journal, { sinceMs: 40, from: 8 })).ranges, [{ from: 8, to: 9 }]);
  assert.deepEqual((await select(journal, { sinceMs: 51 })).first, null);
  const whole = await select(journal, {});
  assert.deepEqual(whole.ranges, [{ from: 1, to: 9 }]);
  assert.equal(whole.bytes, box.logText().length);
});

Deno.test("a record whose index entry is damaged is selected with the one before it", async () => {
  using box = new JournalBox();
  await using journal = await fed(box, [10, 20, 30]);
  await journal.close();
  const index = box.bytes(`${name}.idx`);
  box.write(`${name}.idx`, index.with(indexHeaderBytes + indexEntryBytes + 9, 0x77));
  using outside = kept(box);
  const { ranges, last } = await select(outside, { sinceMs: 5, untilMs: 30 });
  assert.deepEqual(ranges, [{ from: 1, to: 2 }]);
  assert.deepEqual(last, { sequence: 2, timeMs: null });
  assert.deepEqual((await select(outside, { sinceMs: 15 })).ranges, [{ from: 3, to: 3 }]);
});

Deno.test("segments that are renamed or deleted after the first look are selected as they are then", async () => {
  using box = new JournalBox();
  await using journal = await fed(box, [10, 20, 30, 40, 50, 60]);
  using outside = kept(box);
  for (const timeMs of [70, 80, 90, 100]) feed(journal, `call ${timeMs}\r\n`, timeMs);
  await journal.sync();
  const [oldest = ""] = box.rotated();
  for (const ending of [".log", ".idx"]) Deno.removeSync(box.path(oldest + ending));
  const { ranges } = await select(outside, {});
  assert.equal(ranges.length, 1);
  assert.equal(ranges[0]?.from, outside.oldestSequence);
  assert.ok(outside.oldestSequence > 1);
  assert.ok((ranges[0]?.to ?? 0) >= 6);
});

Deno.test("records that wait in memory while the disk takes none are selected and read as well", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "call 10\r\n", 10);
  await journal.sync();
  disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(box.folder)) throw new Error("no space left");
  };
  feed(journal, "call 20\r\ncall 30\r\n", 30);
  await journal.sync();
  assert.ok(box.tailFiles().length > 0);
  using outside = kept(box);
  const { ranges, last } = await select(outside, { sinceMs: 5 });
  assert.deepEqual(ranges, [{ from: 1, to: 3 }]);
  assert.deepEqual(last, { sequence: 3, timeMs: 30 });
  await using records = new KeptRecords(outside, systemClock);
  const third = await records.read(3);
  assert.ok(typeof third !== "string");
  assert.match(textOf(third.line), /call 30\n$/);
});
