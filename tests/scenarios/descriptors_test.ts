// A collector that may not open anything more.

import assert from "node:assert/strict";
import { limitDescriptors, lowestFree } from "../support/descriptor_limit.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { ReadingWatch } from "../support/reading_watch.ts";
import { program, requires } from "../support/requirements.ts";

const needs = requires(program("prlimit"), natsServer);
const mostStillMs = 500;
const logging = { max_size_mb: 0.05, max_backups: 1000 };

needs.test("out of descriptors: capture and delivery go on, and rotation waits", async () => {
  await using fed = await FedSite.start({ ports: 2, logging });
  await fed.untilDelivered("records before", 300);
  using watch = new ReadingWatch(fed.site.terminals);
  const before = limitDescriptors(fed.pid, lowestFree(fed.pid));
  await fed.untilSent(2000);
  await fed.untilSaid("Too many open files");
  console.log(`a port was not read for ${Math.round(watch.longestMs)} ms at most`);
  assert.ok(watch.longestMs < mostStillMs, "reading goes on");
  limitDescriptors(fed.pid, before);
  await fed.untilDelivered("records after", 300);
  await fed.assertAllIsWell();
  assert.equal(fed.losses(0).length + fed.losses(1).length, 0);
});

needs.test(
  "out of descriptors while NATS restarts: capture goes on, and delivery when there are some",
  async () => {
    await using fed = await FedSite.start({ ports: 1, logging });
    await fed.untilDelivered("records before", 300);
    using watch = new ReadingWatch(fed.site.terminals);
    const before = limitDescriptors(fed.pid, lowestFree(fed.pid));
    await fed.server.kill();
    await fed.untilSent(1000);
    // The connection's descriptor is free again, and must not do.
    limitDescriptors(fed.pid, lowestFree(fed.pid));
    await fed.server.restart();
    await fed.untilSent(1000);
    assert.ok(watch.longestMs < mostStillMs, "reading goes on");
    limitDescriptors(fed.pid, before);
    await fed.untilDelivered("all records", 300);
    await fed.assertAllIsWell();
    assert.equal(fed.losses(0).length, 0);
  },
);
