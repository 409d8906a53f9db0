import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import type { Journal } from "../../src/journal/journal.ts";
import { waitFor } from "../support/wait_for.ts";
import { feed, JournalBox, name, plain, readAll, texts } from "../support/journal_box.ts";

async function idsAndTexts(journal: Journal): Promise<[string, string][]> {
  await journal.sync();
  return (await readAll(journal)).records.map((record) => {
    const { id, text } = plain(record);
    return [id, text];
  });
}

/** A box with the records "one" and "two" whose service was killed. */
async function killedBox(): Promise<JournalBox> {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\ntwo\n");
  return box.copy();
}

/** A box with the records "one" and "two" whose service was stopped. */
async function stoppedBox(): Promise<JournalBox> {
  using box = new JournalBox();
  const journal = await box.open();
  feed(journal, "one\ntwo\n");
  await journal.close();
  return box.copy();
}

Deno.test("a first start begins an epoch of 32 hexadecimal digits, without a warning", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  assert.match(journal.epoch, /^[0-9a-f]{32}$/);
  assert.deepEqual(box.notices.map(({ level, kind }) => [level, kind]), [
    ["debug", "epoch_started"],
  ]);
  assert.equal(journal.lastSequence, 0);
  assert.equal(journal.oldestSequence, 1);
});

Deno.test("a stop and a start keep the epoch, even after a reboot", async () => {
  using box = new JournalBox();
  let epoch: string;
  {
    await using journal = await box.open();
    epoch = journal.epoch;
    feed(journal, "one\n");
  }
  await using journal = await box.open({ boot: "second boot" });
  assert.equal(journal.epoch, epoch);
  assert.equal(journal.lastSequence, 1);
});

Deno.test("a kill keeps the epoch", async () => {
  using box = await killedBox();
  await using journal = await box.open();
  feed(journal, "three\n");
  const records = await idsAndTexts(journal);
  assert.deepEqual(records.map(([id]) => id), [1, 2, 3].map((n) => `${journal.epoch}/${n}`));
});

const surprises: Record<string, (box: JournalBox) => void> = {
  "the state is lost": (box) => rmSync(box.statePath),
  "the state is not JSON": (box) => writeFileSync(box.statePath, '{"epochs": ['),
  "the state is of another shape": (box) => writeFileSync(box.statePath, '{"epochs": 7}'),
};

for (const [what, change] of Object.entries(surprises)) {
  Deno.test(`${what}: old ids stay, new records get a new epoch`, async () => {
    using box = await killedBox();
    let before: [string, string][];
    {
      using copy = box.copy();
      await using journal = await copy.open();
      before = await idsAndTexts(journal);
    }
    change(box);
    await using journal = await box.open();
    feed(journal, "three\n");
    const records = await idsAndTexts(journal);
    assert.deepEqual(records.slice(0, 2), before);
    assert.deepEqual(records[2], [`${journal.epoch}/3`, "three"]);
    assert.ok(!before[0]?.[0].startsWith(journal.epoch));
  });
}

Deno.test("a reboot without a stop begins an epoch", async () => {
  using box = await killedBox();
  let before: string;
  {
    using copy = box.copy();
    await using journal = await copy.open();
    before = journal.epoch;
  }
  await using journal = await box.open({ boot: "second boot" });
  assert.notEqual(journal.epoch, before);
  assert.ok(box.notices.some(({ kind, level }) => kind === "epoch_started" && level === "warning"));
  feed(journal, "three\n");
  assert.deepEqual((await idsAndTexts(journal)).at(-1), [`${journal.epoch}/3`, "three"]);
});

/** Ids that were given to "one" and "two" must not come again with another text. */
async function assertFreshIds(box: JournalBox, given: readonly [string, string][]): Promise<void> {
  await using journal = await box.open();
  feed(journal, "other\nrecords\nentirely\n");
  const texts = new Map(given);
  for (const [id, text] of await idsAndTexts(journal)) {
    assert.ok(!texts.has(id) || texts.get(id) === text, `${id} was ${texts.get(id)}, is ${text}`);
  }
}

for (const how of ["killed", "stopped"] as const) {
  const make = how === "killed" ? killedBox : stoppedBox;
  const losses: Record<string, readonly string[]> = {
    "the active log": [`${name}.log`],
    "the active log and its index": [`${name}.log`, `${name}.idx`],
  };
  for (const [what, files] of Object.entries(losses)) {
    Deno.test(`${what} deleted while ${how}: no id is given twice`, async () => {
      using box = await make();
      let given: [string, string][];
      {
        using copy = box.copy();
        await using journal = await copy.open();
        given = await idsAndTexts(journal);
      }
      for (const file of files) rmSync(box.path(file));
      await assertFreshIds(box, given);
      if (how === "stopped" || files.length === 1) {
        await using journal = await box.open();
        assert.equal(journal.oldestSequence, 3, "nor is a number");
      }
      assert.ok(box.complaints().includes("log_lost"), "and it is said");
    });
  }
}

Deno.test("files older than the state: no id is given twice", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ maxSegmentBytes: 60 });
  feed(journal, "one\n");
  using old = box.copy();
  feed(journal, "two\n");
  feed(journal, "three\n");
  const given = await idsAndTexts(journal);
  await waitFor("the state of the rotation", () => {
    return Deno.readTextFileSync(box.statePath).includes('"activeFirstSequence":3');
  });
  for (const state of ["killed", "stopped"]) {
    if (state === "stopped") await journal.close();
    using mixed = old.copy();
    writeFileSync(mixed.statePath, Deno.readFileSync(box.statePath));
    await assertFreshIds(mixed, given);
  }
});

Deno.test("an epoch whose beginning was killed before it was saved is remembered all the same", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\n");
  journal.beginEpoch(2, "a test wants it");
  using killed = box.copy();
  assert.ok(!Deno.readTextFileSync(killed.statePath).includes(journal.epoch));
  await using heir = await killed.open();
  feed(heir, "two\n");
  using killedAgain = killed.copy();
  rmSync(killedAgain.path(`${name}.idx`));
  await using last = await killedAgain.open();
  assert.deepEqual((await idsAndTexts(last)).at(-1), [`${journal.epoch}/2`, "two"]);
});

Deno.test("beginEpoch() leaves a gap, which readers pass and report", async () => {
  using box = new JournalBox();
  await using journal = await box.open();
  feed(journal, "one\n");
  const before = journal.epoch;
  journal.beginEpoch(10, "the stream is ahead");
  feed(journal, "ten\n");
  await journal.sync();
  const { records, unreadable } = await readAll(journal);
  assert.deepEqual(records.map((record) => plain(record).id), [
    `${before}/1`,
    `${journal.epoch}/10`,
  ]);
  assert.deepEqual(unreadable, [{ from: 2, to: 9 }]);
  assert.deepEqual([1, 2, 10, 11].map((sequence) => journal.epochOf(sequence)), [
    before,
    null,
    journal.epoch,
    null,
  ]);
});

Deno.test("a state that cannot be saved is said, and costs no record", async () => {
  using box = new JournalBox();
  await using journal = await box.open({ statePath: box.path("no/such/folder/state.json") });
  feed(journal, "one\n");
  assert.deepEqual(await texts(journal), ["one"]);
  assert.ok(box.notices.some(({ kind }) => kind === "state_not_saved"));
});
