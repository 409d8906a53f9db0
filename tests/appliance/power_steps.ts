// The machine goes off and on: in order, and without a warning. What was appended longer ago than a sync
// interval is there afterwards; and JetStream has what the journal has.

import assert from "node:assert/strict";
import { seeds } from "../support/seeds.ts";
import { type Appliance, fips, isReading } from "./appliance.ts";
import { assertArrived } from "./arrival.ts";
import { JournalWatch } from "./journal_watch.ts";
import { LineFeed } from "./line_feed.ts";
import type { Story } from "./story.ts";

const namedPulls = Deno.env.get("PULLED_PLUGS");
/** Between the sync interval of 250 ms and this lie a sync, and how late emulated timers are. */
const longestUnsyncedMs = 1000;
const longestRunMs = 20_000;

export async function powerSteps(story: Story, box: Appliance): Promise<void> {
  await story.longStep("after a reboot it captures by itself", async () => {
    const before = await assertCaptures(box);
    await box.reboot();
    const { status } = await box.serviceIs("it to be up", ({ active }) => active === "active");
    const after = await assertCaptures(box);
    return `${status}; ${before} records before, ${after} after`;
  });

  const pulls = Number(namedPulls ?? (story.isShort ? 1 : 3));
  for (const seed of seeds()) {
    for (let pull = 1; pull <= pulls; pull++) {
      const name = `a plug pulled at a random moment costs no synced record, ${pull} of ${pulls}`;
      await story.step(name, async () => {
        const runMs = randomOf(seed, pull) * longestRunMs;
        return `${await pullPlug(box, runMs)}; seed ${seed}`;
      });
    }
  }
}

async function pullPlug(box: Appliance, runMs: number): Promise<string> {
  await using feed = new LineFeed(box.ports[0]);
  await box.serviceIs("a line that is read", isReading);
  const watch = await JournalWatch.start(box, `/var/log/nectarcollector/${fips}-A1.log`);
  await new Promise((resolve) => setTimeout(resolve, runMs));
  feed.cut();
  await box.pullPlug();
  await box.boot();
  await box.serviceIs("it to be up", ({ active }) => active === "active");
  const unsynced = await watch.unsynced(box);
  const records = feed.own(await box.records("A1")).filter((record) => feed.sent.includes(record));
  const told = `${records.length} records there; ${unsynced.bytes} bytes lost, ` +
    `the first of them written ${unsynced.ms.toFixed(0)} ms before at most`;
  assert.ok(watch.sampleCount > 0, "the journal was watched");
  assert.deepEqual(records, feed.sent.slice(0, records.length), told);
  assert.ok(unsynced.ms <= longestUnsyncedMs, told);
  await assertCaptures(box);
  return told;
}

/** What a line says now arrives, and all that stands in the journal; resolves to how many records it said. */
async function assertCaptures(box: Appliance): Promise<number> {
  await using feed = new LineFeed(box.ports[0]);
  await box.serviceIs("a line that is read", isReading);
  await feed.stop();
  await assertArrived(box, "A1", feed);
  return feed.sent.length;
}

/** From 0 to 1. */
function randomOf(seed: number, round: number): number {
  return (Math.imul(seed ^ round, 2_654_435_761) >>> 0) / 2 ** 32;
}
