// Whether what a line said is where it must be: in the port's journal, and in JetStream, in order, once.

import assert from "node:assert/strict";
import { waitForValue } from "../support/wait_for.ts";
import { type Appliance, patienceMs, type Side } from "./appliance.ts";
import type { LineFeed } from "./line_feed.ts";

const slowly = { timeoutMs: patienceMs, intervalMs: 1000 };

/** Waits for the last record that was sent; resolves to how many bytes are missing before it. */
export async function lostBytes(box: Appliance, side: Side, feed: LineFeed): Promise<number> {
  const last = feed.sent.at(-1);
  const records = await waitForValue(
    `the last of ${feed.sent.length} records in the journal of ${side}`,
    () => box.records(side),
    (records) => last === undefined || records.includes(last),
    slowly,
  );
  return feed.lostBytes(records);
}

/** All that was sent is in the journal, and all that is in the journal is in JetStream. */
export async function assertArrived(box: Appliance, side: Side, feed: LineFeed): Promise<void> {
  assert.equal(await lostBytes(box, side, feed), 0);
  const records = await box.records(side);
  assert.deepEqual(feed.own(records), feed.sent);
  await assertDelivered(box, side);
}

/** JetStream has what the journal has; and before it what was deleted there to make room. */
async function assertDelivered(box: Appliance, side: Side): Promise<void> {
  const records = await box.records(side);
  const stored = await waitForValue(
    `${records.length} records of ${side} in JetStream, with the last one`,
    () => box.stored(side),
    (stored) => stored.at(-1) === records.at(-1),
    slowly,
  );
  assert.deepEqual(stored.slice(-records.length), records);
}
