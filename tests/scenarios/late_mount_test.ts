// The disk of the logs is mounted after the collector has begun to write into the empty folder below.

import assert from "node:assert/strict";
import { BreakingDisk, breakingDiskNeeds } from "../support/breaking_disk.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1 } from "../support/site.ts";

requires(...breakingDiskNeeds, natsServer).test(
  "a disk that is mounted late, over a log that has begun: what it held is set aside and told, the new is delivered",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new BreakingDisk());
    const fed = await FedSite.start({ ports: 1, logFolder: disk.join("log") });
    stack.use(fed);
    await fed.untilDelivered("records before", 300);
    await fed.server.kill();
    await fed.untilSent(500);
    assert.equal(await fed.site.collector.stop(), 0);
    const held = fed.site.logText(0);
    disk.unmount();
    await fed.site.collector.start();
    await fed.untilSaid("the log is gone");
    await fed.untilSent(500);
    disk.mount();
    await fed.untilSaid("was deleted or moved away");
    await fed.untilSaid("the disk takes records again");
    await fed.server.restart();
    await fed.untilSaid("cannot be read and are passed over");
    await fed.stopFeeding();
    assert.equal(await fed.site.collector.stop(), 0);
    const { logFolder } = fed.site;
    const names = Array.from(Deno.readDirSync(logFolder), ({ name }) => name);
    const contents = names.map((name) => latin1(Deno.readFileSync(`${logFolder}/${name}`)));
    assert.ok(contents.includes(held), "what stood on the disk still does, whole");
    // The stop, too, cut one record in two.
    const after = fed.site.records(0).slice(1);
    assert.deepEqual(after, fed.feeds[0]?.sent.slice(-after.length), "the new is there, too");
    assert.ok(after.length >= 500);
  },
);
