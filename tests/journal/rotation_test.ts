import assert from "node:assert/strict";
import { AppendError, type Journal } from "../../src/journal/journal.ts";
import type { Fragment } from "../../src/framer/framer.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import {
  bytesOf,
  feed,
  headerText,
  JournalBox,
  plain,
  readAll,
  texts,
  timeMs,
} from "../support/journal_box.ts";

const maxSegmentBytes = 120;

function fragment(text: string, end: Fragment["end"] = "line_feed"): Fragment {
  return { bytes: bytesOf(text), end };
}

interface RotationCase {
  /** What stands in the journal before, cut at its line feeds. */
  readonly before: readonly string[];
  readonly open: string;
  /** Rotates, and perhaps appends the record "four" and the open one "fi" in the same call. */
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
    rotate: (journal) => journal.rotateWhenFull(),
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

/** How many calls of the disk the rotation makes, those of saving the state not included. */
async function callsOf(rotation: RotationCase): Promise<number> {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using journal = await box.open({ disk, maxSegmentBytes });
  fill(journal, rotation);
  let calls = 0;
  disk.before = () => void calls++;
  rotation.rotate(journal);
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
      disk.refuse(k, Infinity);
      if (k <= calls) assert.throws(() => rotation.rotate(dying), /refused/, `call ${k}`);
      else rotation.rotate(dying);
      using left = box.copy();
      disk.heal();

      await using journal = await left.open({ maxSegmentBytes: 1_000_000 });
      // The last calls append; what they wrote before the kill is there to stay.
      const appended = rotation.appends && k >= calls && journal.lastSequence === 4;
      assert.ok(
        appended || !rotation.appends || k <= calls,
        "the append was not refused, but lost",
      );
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
        disk.refuse(k, times);
        if (!rotation.appends) assert.throws(() => rotation.rotate(journal), /refused/);
        const fragments = [fragment("-end"), fragment("four"), fragment("fi", null)];
        appendAtLast(journal, fragments, `call ${k}`);
        disk.heal();

        const whole = [...rotation.before, `${rotation.open}-end`, "four"];
        assert.deepEqual(await texts(journal), whole, `call ${k}`);
        const lines = whole.map((text) => `${headerText}${text}\n`);
        assert.equal(box.logText(), `${lines.join("")}${headerText}fi`, `call ${k}`);
        using left = box.copy();
        await using again = await left.open({ maxSegmentBytes });
        assert.equal(again.position.openBytes, 2, `call ${k}`);
        const { records } = await readAll(again);
        assert.deepEqual(records.map((record) => plain(record).text), whole, `call ${k}`);
        assert.deepEqual(records.map(({ sequence }) => sequence), whole.map((_, i) => i + 1));
        assert.deepEqual(left.complaints(), [], `call ${k}`);
      }
    });
  }
}

/** Tries again what is refused, as a channel does. */
function appendAtLast(journal: Journal, fragments: readonly Fragment[], what: string): void {
  for (let attempt = 1; attempt <= 5; attempt++) {
    try {
      return journal.append(fragments, timeMs);
    } catch (error) {
      assert.ok(error instanceof AppendError, what);
    }
  }
  assert.fail(`${what}: still refused`);
}
