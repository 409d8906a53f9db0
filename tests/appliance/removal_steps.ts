// It goes: first so that it can come back, then for good.

import assert from "node:assert/strict";
import { guestFiles } from "../support/machine_image.ts";
import { type Appliance, configFile, unit } from "./appliance.ts";
import type { Story } from "./story.ts";

const folders = ["/etc/nectarcollector", "/var/lib/nectarcollector", "/var/log/nectarcollector"];

export async function removalSteps(story: Story, box: Appliance): Promise<void> {
  const isThere = async (path: string): Promise<boolean> =>
    (await box.attempt(`test -e ${path}`)).status === 0;
  const assertNoService = async (): Promise<void> => {
    const { active, pid } = await box.service();
    assert.deepEqual({ active, pid }, { active: "inactive", pid: 0 });
    assert.equal(await box.run(`systemctl show ${unit} --property LoadState --value`), "not-found");
    assert.equal(await isThere("/usr/local/bin/nectarcollector"), false);
  };

  await story.longStep(
    "uninstall leaves the records and the configuration, and install finds them",
    async () => {
      const [records, config] = [await box.records("A1"), await box.run(`cat ${configFile}`)];
      await box.run("nectarcollector uninstall");
      await assertNoService();
      assert.deepEqual(await box.records("A1"), records);
      assert.equal(await box.run(`cat ${configFile}`), config);
      await box.run(`${guestFiles}/current install`);
      assert.equal((await box.service()).active, "active");
      assert.deepEqual(await box.records("A1"), records);
      return `${records.length} records`;
    },
  );

  await story.step("uninstall --purge leaves nothing", async () => {
    const { status, output } = await box.attempt("nectarcollector uninstall --purge");
    assert.equal(status, 1, output);
    await box.run("nectarcollector uninstall --purge --yes");
    await assertNoService();
    for (const folder of folders) assert.equal(await isThere(folder), false, folder);
    assert.notEqual((await box.attempt("getent passwd nectarcollector")).status, 0);
    const left = await box.run("find /etc /usr /var /run -name '*nectarcollector*'");
    assert.equal(left, "");
    return "nothing left below /etc, /usr, /var, /run";
  });
}
