import assert from "node:assert/strict";
import { AppendError } from "../../src/journal/append_error.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import {
  feed,
  headerText,
  JournalBox,
  plain,
  readAll,
  texts,
  timeMs,
} from "../support/journal_box.ts";
import { waitFor } from "../support/wait_for.ts";

const maxSegmentBytes = 120;

interface RotationCase {
  /** What stands in the journal before, cut at its line feeds. */
  readonly before: readonly string[];
  readonly open: string;
  /** Begins a rotation, and perhaps appends the record "four" and the open one "fi". */
  readonly rotate: (journal: Journal) => void;
  readonly appends: boolean;
}

const beginEpoch = (journal: Journal): void =>
  journal.beginEpoch(journal.lastSequence + 1, "a test wants it");

const rotations: Record<string, RotationCase> = {
  "of a full segment": {
    before: ["one", "two", "three"],
    open: "",
    rotate: (journal) => feed(journal, "four\nfi"),
    appends: true,
  },
  "of a full segment with an open record": {
    before: ["one", "two"],
    open: "a long one",
    rotate: (journal) => journal.append([], timeMs),
    appends: false,
  },
  "into a new epoch with an open record": {
    before: ["one"],
    open: "tw",
    rotate: beginEpoch,
    appends: false,
  },
  "of an empty segment": { before: [], open: "", rotate: beginEpoch, appends: false },
  "of a segment with an open record alone": {
    before: [],
    open: "on",
    rotate: beginEpoch,
    appends: false,
  },
};

function fill(journal: Journal, { before, open }: RotationCase): void {
  feed(journal, [...before, open].join("\n"));
}

/** Rotates and lets the background finish, as far as the disk lets it; false when not even begun. */
async function rotate(journal: Journal, rotation: RotationCase): Promise<boolean> {
  let begun = true;
  try {
    rotation.rotate(journal);
  } catch {
    begun = false;
  }
  await journal.sync().catch(() => {});
  return begun;
}

/** How many calls of the disk the rotation makes, those of saving the state not included. */
async function callsOf(rotation: RotationCase): Promise<number> {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk, maxSegmentBytes });
  fill(journal, rotation);
  let calls = 0;
  disk.before = ({ path }) => void (path.startsWith(box.folder) && calls++);
  assert.ok(await rotate(journal, rotation));
  disk.heal();
  assert.ok(calls >= 18, `only ${calls} calls`);
  return calls;
}

for (const [title, rotation] of Object.entries(rotations)) {
  Deno.test(`a rotation ${title}, killed before any call, keeps every record once`, async () => {
    const calls = await callsOf(rotation);
    for (let k = 1; k <= calls + 1; k++) {
      using box = new JournalBox();
      const disk = new FailingDisk();
      await using dying = await box.open({ disk, maxSegmentBytes });
      fill(dying, rotation);
      // A kill: from some call on, nothing is done any more.
      let count = 0;
      disk.before = ({ path }) => {
        if (path.startsWith(box.folder)) count += 1;
        if (count >= k) throw new Error("killed");
      };
      await rotate(dying, rotation);
      using left = box.copy();
      disk.heal();

      await using journal = await left.open({ maxSegmentBytes: 1_000_000 });
      const appended = rotation.appends && journal.lastSequence === 4;
      const before = appended ? [...rotation.before, "four"] : rotation.before;
      const open = appended ? "fi" : rotation.open;
      assert.equal(journal.lastSequence, before.length, `call ${k}`);
      assert.equal(journal.position.openBytes, open === "" ? null : open.length, `call ${k}`);
      feed(journal, "-end\nlast\n");
      assert.deepEqual(await texts(journal), [...before, `${open}-end`, "last"], `call ${k}`);
      const lines = [...before, `${open}-end`, "last"].map((text) => `${headerText}${text}\n`);
      assert.equal(left.logText(), lines.join(""), `call ${k}`);
      assert.deepEqual(left.complaints(), [], `call ${k}`);
      assert.deepEqual(left.files().filter((file) => file.includes(".next.")), []);
    }
  });

  for (const times of [1, 3]) {
    Deno.test(`a rotation ${title}, refused ${times}× from any call on, is made up for`, async () => {
      const calls = await callsOf(rotation);
      for (let k = 1; k <= calls; k++) {
        using box = new JournalBox();
        const disk = new FailingDisk();
        await using journal = await box.open({ disk, maxSegmentBytes });
        fill(journal, rotation);
        let count = 0;
        disk.before = ({ path }) => {
          if (path.startsWith(box.folder)) count += 1;
          if (count >= k && count < k + times) throw new Error(`call ${count} refused`);
        };
        const begun = await rotate(journal, rotation);
        disk.heal();
        if (!begun && rotation.appends) rotation.rotate(journal);
        appendAtLast(journal, rotation.appends ? "five" : "-end\nfour\nfi");
        await waitFor("the disk to have all", async () => {
          await journal.sync();
          return !journal.inMemory && box.tailFiles().length === 0;
        });

        const whole = rotation.appends
          ? [...rotation.before, "four"]
          : [...rotation.before, `${rotation.open}-end`, "four"];
        const open = rotation.appends ? "fifive" : "fi";
        assert.deepEqual(await texts(journal), whole, `call ${k}`);
        const lines = whole.map((text) => `${headerText}${text}\n`);
        assert.equal(box.logText(), `${lines.join("")}${headerText}${open}`, `call ${k}`);
        using left = box.copy();
        await using again = await left.open({ maxSegmentBytes });
        assert.equal(again.position.openBytes, open.length, `call ${k}`);
        const { records } = await readAll(again);
        assert.deepEqual(records.map((record) => plain(record).text), whole, `call ${k}`);
        assert.deepEqual(records.map(({ sequence }) => sequence), whole.map((_, i) => i + 1));
        assert.deepEqual(left.complaints(), [], `call ${k}`);
      }
    });
  }
}

Deno.test("an LF right behind its CR makes no blank record, even behind a rotation", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 1 });
  feed(journal, "one\r");
  journal.append([], timeMs);
  feed(journal, "\ntwo\n");
  assert.deepEqual(await texts(journal), ["one", "two"]);
});

/** Tries again what is refused, as a channel does. */
function appendAtLast(journal: Journal, text: string): void {
  for (let attempt = 1; attempt <= 5; attempt++) {
    try {
      return feed(journal, text);
    } catch (error) {
      assert.ok(error instanceof AppendError, text);
    }
  }
  assert.fail(`${text}: still refused`);
}
