// Other versions take over, or fail to. What the line says meanwhile stays.

import assert from "node:assert/strict";
import type { CommandOutcome } from "../support/guest_shell.ts";
import { guestFiles } from "../support/machine_image.ts";
import { type Appliance, unit } from "./appliance.ts";
import { newerCommit, type VersionName } from "./executables.ts";
import { atFullSpeed } from "./full_speed.ts";
import type { Story } from "./story.ts";

export async function upgradeSteps(story: Story, box: Appliance): Promise<void> {
  const upgrade = (version: VersionName): Promise<CommandOutcome> =>
    box.attempt(`nectarcollector upgrade ${guestFiles}/${version}`);
  const runs = (): Promise<string> => box.run("nectarcollector --version");

  await story.longStep("an upgrade at 115,200 baud loses no byte", async () => {
    const { pid } = await box.service();
    const told = await atFullSpeed(box, async () => {
      const { status, output } = await upgrade("newer");
      assert.equal(status, 0, output);
    });
    assert.match(await runs(), new RegExp(newerCommit));
    assert.notEqual((await box.service()).pid, pid);
    return told;
  });

  await story.longStep(
    "a version that does not take the configuration changes nothing",
    async () => {
      const { pid } = await box.service();
      const { status, output } = await upgrade("strict");
      assert.equal(status, 2, output);
      assert.match(output, /another rule/);
      assert.match(await runs(), new RegExp(newerCommit));
      assert.equal((await box.service()).pid, pid);
      return `exit code ${status}, the same process`;
    },
  );

  await story.longStep("a version that does not come up goes, the one before is back", async () => {
    const told = await atFullSpeed(box, async () => {
      const { status, output } = await upgrade("broken");
      assert.equal(status, 1, output);
    });
    assert.match(await runs(), new RegExp(newerCommit));
    assert.equal((await box.service()).active, "active");
    await box.run(`systemctl is-enabled ${unit}`);
    return told;
  });
}
