import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, JournalBox, texts } from "../support/journal_box.ts";

Deno.test("what comes home from memory while the journal opens is copied once", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using dying = await box.open({ disk });
  feed(dying, "one\n");
  await dying.sync();
  disk.before = ({ what, path }) => {
    if (path.startsWith(box.folder) && /append|rename|truncate/.test(what)) throw new Error("no");
  };
  feed(dying, "two\n");
  await dying.sync();
  assert.equal(dying.inMemory, true);
  using left = box.copy();
  disk.heal();
  // Without it a new epoch begins, and the sync schedule is in a hurry.
  rmSync(left.statePath);
  const calls: string[] = [];
  const watching = new FailingDisk();
  watching.before = ({ what, path }) => {
    if (path.endsWith(".log.tmp") && /open|rename/.test(what)) {
      calls.push(`${what} ${path.slice(left.folder.length)}`);
    }
  };
  await using journal = await left.open({ disk: watching });
  await journal.sync();
  assert.deepEqual(await texts(journal), ["one", "two"]);
  for (let i = 0; i < calls.length; i += 2) {
    assert.match(calls[i] ?? "", /^open to append/);
    assert.equal(calls[i + 1], calls[i]?.replace("open to append", "rename"));
  }
  assert.ok(calls.length >= 2);
});

Deno.test("a line feed behind a carriage return makes no record, though a kill came in memory between them", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  await using dying = await box.open({ disk });
  feed(dying, "one\r");
  await dying.sync();
  disk.before = ({ what, path }) => {
    if (path.startsWith(box.folder) && !/read|size/.test(what)) throw new Error("no");
  };
  await dying.sync();
  dying.append([], 0);
  assert.equal(dying.inMemory, true);
  using left = box.copy();
  await using heir = await left.open();
  assert.equal(heir.position.lastEnd, "carriage_return");
  feed(heir, "\ntwo\n");
  assert.deepEqual(await texts(heir), ["one", "two"]);
});
