// Somebody takes away the right to the logs, from a collector that is not almighty.

import assert from "node:assert/strict";
import { withoutPrivilege, withoutPrivilegeNeeds } from "../support/effective_user.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

const needs = requires(...withoutPrivilegeNeeds, natsServer);
const logging = { max_size_mb: 0.05, max_backups: 1000 };

for (const mode of [0o500, 0o000]) {
  needs.test(
    `chmod ${mode.toString(8)} of the log folder: records are delivered, and rotation waits`,
    async () => {
      await using fed = await FedSite.start({ ports: 1, logging, launcher: withoutPrivilege });
      await fed.untilDelivered("records before", 300);
      const { logFolder } = fed.site;
      Deno.chmodSync(logFolder, mode);
      await fed.untilSaid("Permission denied");
      await fed.untilDelivered("records meanwhile", 1500);
      const before = rotated(fed);
      Deno.chmodSync(logFolder, 0o700);
      await waitFor("rotation", () => rotated(fed) > before);
      await fed.untilDelivered("records after", 300);
      await fed.assertAllIsWell();
    },
  );
}

needs.test("chmod 000 of the log: nothing is missing", async () => {
  await using fed = await FedSite.start({ ports: 1, logging, launcher: withoutPrivilege });
  await fed.untilDelivered("records before", 300);
  const log = `${fed.site.logFolder}/${fed.site.channel(0)}.log`;
  Deno.chmodSync(log, 0);
  await fed.untilDelivered("records meanwhile", 1500);
  await fed.assertAllIsWell();
});

needs.test(
  "a rotated log that may not be read holds up delivery, and only until it may",
  async () => {
    await using fed = await FedSite.start({ ports: 1, logging, launcher: withoutPrivilege });
    await fed.untilDelivered("records before", 100);
    await fed.server.kill();
    const log = `${fed.site.logFolder}/${fed.site.channel(0)}.log`;
    const { ino } = Deno.statSync(log);
    Deno.chmodSync(log, 0);
    // More logs than are held open.
    const before = rotated(fed);
    await waitFor("rotation", () => rotated(fed) > before + 6);
    await fed.server.restart();
    await fed.untilSaid("read the journal");
    await fed.untilSent(300);
    const names = Array.from(Deno.readDirSync(fed.site.logFolder), ({ name }) => name);
    const name = names.find((each) => Deno.statSync(`${fed.site.logFolder}/${each}`).ino === ino);
    Deno.chmodSync(`${fed.site.logFolder}/${name}`, 0o640);
    await fed.untilDelivered("all records", 300);
    await fed.assertAllIsWell();
    assert.doesNotMatch(fed.said, /are lost/, "nothing was given up");
  },
);

needs.test(
  "started with a log folder that may not be entered: records wait in memory until it may",
  async () => {
    await using fed = await FedSite.start({
      ports: 1,
      logging,
      launcher: withoutPrivilege,
      prepare: ({ logFolder }) => Deno.mkdirSync(logFolder, { mode: 0o000 }),
    });
    await fed.untilSaid("capture goes on in memory");
    await fed.untilSent(1000);
    Deno.chmodSync(fed.site.logFolder, 0o700);
    await fed.untilDelivered("all records", 300);
    await fed.assertAllIsWell();
  },
);

function rotated(fed: FedSite): number {
  return Array.from(Deno.readDirSync(fed.site.logFolder))
    .filter(({ name }) => /Z\.log$/.test(name)).length;
}
