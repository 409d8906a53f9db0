import assert from "node:assert/strict";
import type { Fragment } from "../../src/framer/framer.ts";
import { AppendError, type Journal } from "../../src/journal/journal.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import {
  bytesOf,
  feed,
  headerText,
  JournalBox,
  name,
  textOf,
  texts,
  timeMs,
} from "../support/journal_box.ts";

const appended: Fragment[] = [
  { bytes: bytesOf("-end"), end: "line_feed" },
  { bytes: bytesOf("two"), end: "line_feed" },
  { bytes: bytesOf("thr"), end: null },
];

/** Appends `appended` behind an open "one" on a disk that `refuse` has made refuse it. */
async function refusedAppend(
  refuse: (disk: FailingDisk) => void,
  check: (journal: Journal, box: JournalBox) => void = () => {},
): Promise<void> {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk });
  feed(journal, "zero\none");
  refuse(disk);
  const before = textOf(box.bytes(`${name}.log`));
  assert.throws(() => journal.append(appended, timeMs), AppendError);
  check(journal, box);
  disk.heal();
  assert.equal(journal.lastSequence, 1);
  assert.equal(journal.position.openBytes, 3);
  journal.append(appended, timeMs);
  assert.deepEqual(await texts(journal), ["zero", "one-end", "two"]);
  assert.ok(textOf(box.bytes(`${name}.log`)).startsWith(before));
  using left = box.copy();
  await using again = await left.open();
  assert.deepEqual(await texts(again), ["zero", "one-end", "two"]);
  assert.equal(again.position.openBytes, 3);
  assert.deepEqual(left.complaints(), []);
}

Deno.test("an append for which the disk has room in part leaves nothing, and can be tried again", async () => {
  const logBytes = "-end\n".length + 2 * headerText.length + "two\nthr".length;
  for (let room = 0; room < logBytes + 2 * 32; room++) {
    await refusedAppend(
      (disk) => disk.freeBytes = room,
      (_journal, box) => {
        assert.equal(textOf(box.bytes(`${name}.log`)), `${headerText}zero\n${headerText}one`);
        assert.equal(box.bytes(`${name}.idx`).length, 64 + 32);
      },
    );
  }
});

Deno.test("what a refused append could not cut back is cut back before the next one", async () => {
  for (const room of [0, 3, 60, 110]) {
    await refusedAppend((disk) => {
      disk.freeBytes = room;
      disk.before = ({ what }) => {
        if (what === "truncate") throw new Error("Input/output error");
      };
    });
  }
});

Deno.test("opening, refused at any call, succeeds, leaves no file open and harms nothing", async () => {
  using box = new JournalBox();
  await using dying = await box.open({ maxSegmentBytes: 60 });
  for (const text of ["one\n", "two\n", "three\nfo"]) feed(dying, text);
  let calls = 0;
  for (let reached = true; reached; calls++) {
    const k = calls + 1;
    using left = box.copy();
    const disk = new FailingDisk();
    let count = 0;
    disk.before = ({ what, path }) => {
      count += 1;
      if (count === k) throw new Error(`refused: ${what}: ${path}`);
    };
    const opened = await left.open({ disk, boot: "second boot" });
    await opened.close();
    reached = count >= k;
    assert.equal(disk.openFiles, 0, `call ${k}`);
    await using journal = await left.open({ boot: "second boot" });
    feed(journal, "ur\n");
    assert.deepEqual(await texts(journal), ["one", "two", "three", "fo", "ur"], `call ${k}`);
  }
  assert.ok(calls > 40, `only ${calls} calls`);
});
