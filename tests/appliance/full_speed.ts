// A line that talks at 115,200 baud without a pause while something happens to the service, and what was
// lost by that.

import assert from "node:assert/strict";
import { type Appliance, isReading } from "./appliance.ts";
import { assertArrived, lostBytes } from "./arrival.ts";
import { LineFeed } from "./line_feed.ts";
import { LineWatch } from "./line_watch.ts";

/** Longer than the emulation stands still by itself, shorter than a start. */
const longestStandstillSec = 1.5;

/** Does something while the first port is fed at full speed; tells what was lost. */
export async function atFullSpeed(
  box: Appliance,
  action: () => Promise<void>,
): Promise<string> {
  await using feed = new LineFeed(box.ports[0]);
  await box.serviceIs("a line that is read", isReading);
  const watch = await LineWatch.start(box);
  const startMs = performance.now();
  await action();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const { standstillSec, overruns } = await watch.stop();
  await feed.stop();
  const lost = await lostBytes(box, "A1", feed);
  const told = `${lost} bytes lost of ${feed.sentBytes} in ${seconds} s; ` +
    `not taken for ${standstillSec.toFixed(1)} s at most, ${overruns} overruns`;
  assert.equal(lost, 0, told);
  assert.ok(standstillSec < longestStandstillSec, told);
  await assertArrived(box, "A1", feed);
  return told;
}
