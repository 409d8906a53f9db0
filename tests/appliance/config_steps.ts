// A configuration that does not check: a running service keeps the one it has, one that starts ends once.

import assert from "node:assert/strict";
import { type Appliance, configFile, unit } from "./appliance.ts";
import type { Story } from "./story.ts";

export async function configSteps(story: Story, box: Appliance): Promise<void> {
  await story.step("a configuration that does not check is refused by a reload", async () => {
    const before = await box.service();
    await box.run(`cp --preserve ${configFile} /run/good && echo "{" > ${configFile}`);
    await box.run(`systemctl reload ${unit}`);
    await box.logSays("config_refused");
    const { active, pid } = await box.service();
    assert.deepEqual({ active, pid }, { active: "active", pid: before.pid });
    return "the same process goes on";
  });

  await story.longStep(
    "started with it, the service ends once, and is not tried again",
    async () => {
      const { status } = await box.attempt(`systemctl restart ${unit}`);
      assert.notEqual(status, 0);
      const { active, restarts, result } = await box.service();
      const exit = await box.run(`systemctl show ${unit} --property ExecMainStatus --value`);
      assert.deepEqual({ active, restarts, result, exit }, {
        active: "failed",
        restarts: 0,
        result: "exit-code",
        exit: "2",
      });
      await box.run(`cp --preserve /run/good ${configFile} && systemctl start ${unit}`);
      assert.equal((await box.service()).active, "active");
      return `exit code ${exit}, ${restarts} restarts; mended, it starts`;
    },
  );
}
