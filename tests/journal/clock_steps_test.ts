// A wall clock that steps by hours and years, both ways, with every append, rotation and restart. What
// the journal keeps, in which order and under which numbers, must not depend on it.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Journal } from "../../src/journal/journal.ts";
import { spaceLimits } from "../../src/journal/space/space_limits.ts";
import { SpaceKeeper } from "../../src/journal/space/space_keeper.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import { systemDisk } from "../../src/platform/disk.ts";
import { LineFramer } from "../../src/framer/line_framer.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { bytesOf, JournalBox, plain, readAll, texts } from "../support/journal_box.ts";
import { waitFor } from "../support/wait_for.ts";

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const jumps = {
  "a millisecond forth": 1,
  "a millisecond back": -1,
  "an hour forth": hourMs,
  "an hour back": -hourMs,
  "three years forth": 3 * yearMs,
  "thirty years back": -30 * yearMs,
  "fifty years forth": 50 * yearMs,
};
const startMs = Date.UTC(2025, 11, 3);
/** Within what four digits can say of a year. */
const earliestMs = Date.UTC(1971, 0, 1);
const latestMs = Date.UTC(2200, 0, 1);

/** The wall clock goes where it is told; the other one runs as ever. */
class SteppingClock implements Clock {
  #wallMs = startMs;

  step(ms: number): void {
    this.#wallMs = Math.min(latestMs, Math.max(earliestMs, this.#wallMs + ms));
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  delay(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.delay(ms, signal);
  }
}

function append(journal: Journal, text: string, clock: Clock): void {
  const framer = new LineFramer({ position: journal.position });
  journal.append(framer.push(bytesOf(`${text}\n`)), clock.wallMs());
}

async function ids(journal: Journal): Promise<string[]> {
  return (await readAll(journal)).records.map((record) => plain(record).id);
}

const step = fc.record({
  jumpMs: fc.constantFrom(0, ...Object.values(jumps)),
  what: fc.constantFrom("append", "append", "append", "sync", "restart", "kill", "refuse", "heal"),
});

Deno.test("whatever the clock does, records keep their order and numbers through rotation, refusal and restart", async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    await using stack = new AsyncDisposableStack();
    let box = stack.use(new JournalBox());
    const clock = new SteppingClock();
    const disk = new FailingDisk();
    const options = { clock, disk, maxSegmentBytes: 150 };
    let journal = await box.open(options);
    stack.defer(() => journal.close());
    const sent: string[] = [];
    for (const { jumpMs, what } of steps) {
      clock.step(jumpMs);
      if (what === "append") {
        sent.push(`record ${sent.length + 1}`);
        append(journal, sent.at(-1) ?? "", clock);
      } else if (what === "sync") await journal.sync();
      else if (what === "refuse") {
        const { folder } = box;
        disk.before = ({ what, path }) => {
          const refused = ["append", "sync", "rename", "open to append"].includes(what);
          if (refused && path.startsWith(folder)) throw new Error("refused");
        };
      } else if (what === "heal") disk.heal();
      else {
        disk.heal();
        if (what === "restart") await journal.close();
        const left = what === "kill" ? stack.use(box.copy()) : box;
        if (what === "kill") await journal.close();
        box = left;
        journal = await box.open(options);
      }
    }
    disk.heal();
    clock.step(hourMs);
    assert.deepEqual(await texts(journal), sent);
    const found = await ids(journal);
    assert.deepEqual(found, sent.map((_, i) => `${journal.epoch}/${i + 1}`));
    await waitFor("home", async () => {
      await journal.sync();
      return !journal.inMemory;
    });
    assert.equal(box.logText().match(/record \d+/g)?.join() ?? "", sent.join());
    await journal.close();
    clock.step(-hourMs);
    journal = await box.open(options);
    assert.deepEqual(await texts(journal), sent, "after another start");
    assert.deepEqual(await ids(journal), found);
    assert.deepEqual(box.complaints().filter((kind) => kind !== "disk_refuses"), []);
  });
  // The kills came while records were on their way home: that left one of them twice in the logs.
  const killed = [
    ["refuse", "append", "kill", "kill", "kill"],
    ["append", "refuse", "append", "kill", "append", "kill"],
  ].map((all) => all.map((what) => ({ jumpMs: 0, what })));
  const examples = Array.from({ length: 5 }, () => killed).flat()
    .map((steps): [typeof steps] => [steps]);
  await fc.assert(property, { numRuns: Number(Deno.env.get("CLOCK_RUNS") ?? 25), examples });
});

for (const [jump, jumpMs] of Object.entries(jumps)) {
  Deno.test(`retention deletes the first records first, and no needed one, when the clock steps by ${jump}`, async () => {
    using box = new JournalBox();
    const clock = new SteppingClock();
    await using journal = await box.open({ clock, maxSegmentBytes: 1, maxBackups: 2 });
    for (let i = 1; i <= 8; i++) {
      append(journal, `${i}`, clock);
      await journal.sync();
      clock.step(i % 2 === 0 ? jumpMs : -jumpMs / 2);
    }
    assert.deepEqual(await texts(journal), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    journal.shelf.release("sink", 3);
    await waitFor("three to go", () => box.rotated().length === 4);
    assert.deepEqual(await texts(journal), ["4", "5", "6", "7", "8"]);
    journal.shelf.release("sink", 8);
    await waitFor("all but two to go", () => box.rotated().length === 2);
    assert.deepEqual(await texts(journal), ["6", "7", "8"]);
    assert.deepEqual(box.complaints(), []);
  });

  Deno.test(`the ceiling takes a channel's first records first when the clock steps by ${jump}`, async () => {
    using box = new JournalBox();
    const clock = new SteppingClock();
    const settings = { min_free_mb: 0, max_total_mb: 0.001, memory_tail_mb: 1 };
    const { memoryTailBytes } = spaceLimits(settings, 0);
    const tailBudget = new TailBudget({ maxBytes: memoryTailBytes });
    await using space = new SpaceKeeper({
      folder: box.folder,
      settings,
      tailBudget,
      disk: systemDisk,
      clock,
      report: (notice) => box.notices.push(notice),
    });
    await using journal = await box.open({ clock, maxSegmentBytes: 1, tailBudget, space });
    const sent: string[] = [];
    for (let i = 1; i <= 12; i++) {
      sent.push(`${i} ${"x".repeat(100)}`);
      append(journal, sent.at(-1) ?? "", clock);
      await journal.sync();
      clock.step(i % 2 === 0 ? jumpMs : -jumpMs / 2);
    }
    journal.shelf.release("sink", 2);
    space.start(() => [journal]);
    await waitFor("the ceiling to hold", () => journal.bytes <= 1024 * 1024 * 0.001);
    const kept = await texts(journal);
    assert.ok(kept.length >= 1 && kept.length < 12);
    assert.deepEqual(kept, sent.slice(-kept.length), "what is kept is the newest, without a hole");
    const lost = box.notices.filter(({ kind }) => kind === "records_lost")
      .map(({ details }) => [details?.["from"], details?.["to"]]);
    assert.deepEqual(
      lost,
      Array.from({ length: 12 - kept.length - 2 }, (_, i) => [i + 3, i + 3]),
      "and exactly what was not delivered is told to be lost",
    );
  });
}
