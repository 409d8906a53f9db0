// What else happens to a box in its years: a disk that somebody fills, a cable that somebody pulls.

import assert from "node:assert/strict";
import { type Appliance, isReading } from "./appliance.ts";
import { assertArrived } from "./arrival.ts";
import { LineFeed } from "./line_feed.ts";
import type { Story } from "./story.ts";

/** Records a second: what the disk does not take has to find room in memory. */
const slowRate = 20;

export async function faultSteps(story: Story, box: Appliance): Promise<void> {
  await story.longStep("a full disk costs no record", async () => {
    await using feed = new LineFeed(box.ports[0], slowRate);
    const { pid } = await box.serviceIs("a line that is read", isReading);
    await box.run("fallocate --length $(df --output=avail --block-size=1 / | tail -n 1) /filler");
    await box.logSays("disk_refuses");
    const whileFull = feed.sent.length;
    await box.serviceIs("a line that is read on the full disk", isReading);
    // A NATS server gives JetStream up when its disk is full, and takes it up again when it is started.
    await box.run("rm /filler && systemctl restart nats-server");
    await box.logSays("disk_recovered");
    await feed.stop();
    assert.equal((await box.service()).pid, pid);
    await assertArrived(box, "A1", feed);
    return `${feed.sent.length} records, ${feed.sent.length - whileFull} of them since it was full`;
  });

  await story.step("a cable that is pulled is told", async () => {
    const [, , third] = box.ports;
    await box.machine.pullCable(third);
    const line = await box.logSays("signal_lost");
    assert.match(line, /ttyS3/);
    const { status } = await box.serviceIs(
      "the status line to tell it",
      ({ status }) => status.includes("(1 not running)"),
    );
    return status;
  });
}
