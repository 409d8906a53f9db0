// Segments that have just come home from memory, and that nobody has taken yet, are deleted there.

import assert from "node:assert/strict";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { feed, JournalBox, texts } from "../support/journal_box.ts";

Deno.test("rm -rf of the folder right after a homecoming: what no sink has taken yet is there again", async () => {
  using box = new JournalBox();
  const disk = new FailingDisk();
  const tailBudget = new TailBudget({ maxBytes: 64 * 1024 });
  await using journal = await box.open({ disk, tailBudget });
  disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(box.folder)) throw new Error("refused");
  };
  const sent = Array.from({ length: 100 }, (_, i) => `${i} ${"x".repeat(60)}`);
  for (const record of sent) feed(journal, `${record}\n`);
  disk.heal();
  while (journal.inMemory) await journal.sync();
  assert.ok(journal.shelf.segments.length > 1, "several segments were in memory");
  Deno.removeSync(box.folder, { recursive: true });
  journal.look();
  assert.deepEqual(await texts(journal), sent);
  assert.ok(!box.complaints().includes("records_lost"), "nothing is lost");
});
