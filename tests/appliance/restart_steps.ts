// The service ends and comes back: told to, killed, hung. What the line says meanwhile stays.

import assert from "node:assert/strict";
import { type Appliance, isReading, type ServiceState, unit } from "./appliance.ts";
import { assertArrived } from "./arrival.ts";
import { atFullSpeed } from "./full_speed.ts";
import { LineFeed } from "./line_feed.ts";
import type { Story } from "./story.ts";

/** Instead of a minute. */
const watchdogSec = 20;
/** Records a second: a hang may last longer than a full line can be kept. */
const slowRate = 10;

export async function restartSteps(story: Story, box: Appliance): Promise<void> {
  await story.step("systemctl restart at 115,200 baud loses no byte", async () => {
    const { pid } = await box.service();
    const told = await atFullSpeed(box, async () => {
      await box.run(`systemctl restart ${unit}`);
    });
    assert.notEqual((await box.service()).pid, pid);
    return told;
  });

  await story.longStep(
    "kill -9 at 115,200 baud loses no byte",
    async () =>
      await atFullSpeed(box, async () => {
        const { pid } = await box.service();
        await box.run(`kill -9 ${pid}`);
        await box.serviceIs(
          "it to be back",
          (state) => isBack(state, pid),
        );
      }),
  );

  await story.step("a process that hangs is brought back by the watchdog", async () => {
    const folder = `/run/systemd/system/${unit}.service.d`;
    await box.run(
      `mkdir -p ${folder} && printf "[Service]\\nWatchdogSec=${watchdogSec}\\n" > ${folder}/soon.conf`,
    );
    await box.run(`systemctl daemon-reload && systemctl restart ${unit}`);
    const { pid } = await box.service();
    await using feed = new LineFeed(box.ports[0], slowRate);
    await box.serviceIs("a line that is read", isReading);
    const startMs = performance.now();
    await box.run(`kill -STOP ${pid}`);
    await box.serviceIs("it to be back", (state) => isBack(state, pid));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    await feed.stop();
    await box.run(`journalctl --boot --unit ${unit} | grep -F "Watchdog timeout"`);
    await assertArrived(box, "A1", feed);
    await box.run(`rm -r ${folder} && systemctl daemon-reload && systemctl restart ${unit}`);
    return `back after ${seconds} s of a watchdog of ${watchdogSec} s, no byte lost`;
  });
}

function isBack({ active, pid }: ServiceState, former: number): boolean {
  return active === "active" && pid !== 0 && pid !== former;
}
