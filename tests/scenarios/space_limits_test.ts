// The ceiling that the journals keep to, the floor that they leave, and the memory that is full: what
// has to go is told, to the record.

import assert from "node:assert/strict";
import { FedSite } from "../support/fed_site.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const needs = requires(root, program("mount"), natsServer);
const megabyte = 1024 * 1024;
const ceilingMb = 0.6;

needs.test(
  "the ceiling while NATS is away: delivered records go first, then the oldest, and exactly those are told",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new MemoryFileSystem({ megabytes: 16 }));
    const fed = await FedSite.start({
      ports: 1,
      rate: 2000,
      logFolder: disk.join("log"),
      logging: { max_size_mb: 0.05, max_backups: 1000 },
      journal: { min_free_mb: 0, max_total_mb: ceilingMb },
    });
    stack.use(fed);
    await fed.untilDelivered("records before", 1500);
    await fed.server.kill();
    await fed.untilSaid("all delivered, are not kept");
    assert.deepEqual(fed.losses(0), [], "delivered ones go first");
    await waitFor("needed ones to go", () => (fed.losses(0)[0]?.to ?? 0) > 3000, {
      timeoutMs: 20_000,
    });
    await fed.untilSent(1000);
    await fed.stopFeeding();
    // Until then more has to go, and what was delivered in the last second would be told, too.
    await waitFor("the ceiling to hold", () => journalBytes(fed) <= ceilingMb * megabyte);
    await fed.server.restart();
    await fed.assertAllIsWell({ onDisk: false });
    const losses = fed.losses(0);
    assert.equal(losses.length, 1, "one stretch of records is lost");
    console.log(`told, and missing: ${JSON.stringify(losses)} of ${fed.feeds[0]?.sent.length}`);
  },
);

needs.test(
  "the floor: when others take the disk, records are delivered from memory and come home later",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new MemoryFileSystem({ megabytes: 32 }));
    const fed = await FedSite.start({
      ports: 1,
      logFolder: disk.join("log"),
      logging: { max_size_mb: 0.05, max_backups: 1000 },
      journal: { min_free_mb: 8, memory_tail_mb: 4 },
    });
    stack.use(fed);
    await fed.untilDelivered("records before", 300);
    disk.fillTo(2 * megabyte);
    await fed.untilSaid("less free space than must be left");
    await fed.untilDelivered("records from memory", 1000);
    const before = disk.freeBytes;
    await fed.untilDelivered("more records from memory", 500);
    assert.ok(before - disk.freeBytes < 64 * 1024, "the disk is left alone");
    disk.free();
    await fed.untilSaid("the disk takes records again");
    await fed.untilDelivered("records after", 300);
    // Delivered ones may have been deleted to make room.
    await fed.assertAllIsWell({ onDisk: false });
    assert.deepEqual(fed.losses(0), []);
  },
);

for (const freeMb of [1, 6]) {
  needs.test(
    `below the floor with ${freeMb} MB free, NATS away, memory full: what is told to be lost is missing, exactly`,
    async () => {
      await using stack = new AsyncDisposableStack();
      const disk = stack.use(new MemoryFileSystem({ megabytes: 32 }));
      const fed = await FedSite.start({
        ports: 1,
        rate: 2000,
        logFolder: disk.join("log"),
        logging: { max_size_mb: 0.05, max_backups: 1000 },
        journal: { min_free_mb: 8, memory_tail_mb: 1 },
      });
      stack.use(fed);
      await fed.untilDelivered("records before", 300);
      await fed.server.kill();
      await fed.untilSent(2000);
      disk.fillTo(freeMb * megabyte);
      await waitForValue(
        "records to be lost",
        () => fed.losses(0).reduce((sum, { from, to }) => sum + to - from + 1, 0),
        (lost) => lost > 1500,
        { timeoutMs: 20_000 },
      );
      disk.free();
      await fed.untilSaid("the disk takes records again");
      await fed.server.restart();
      await fed.untilSent(500);
      await fed.assertAllIsWell({ onDisk: false });
      console.log(`told, and missing: ${JSON.stringify(fed.losses(0))}`);
    },
  );
}

/** What the segments' files take. */
function journalBytes(fed: FedSite): number {
  const { logFolder } = fed.site;
  return Array.from(Deno.readDirSync(logFolder), ({ name }) => name)
    .filter((name) => name.startsWith(fed.site.channel(0)))
    .reduce((sum, name) => sum + Deno.statSync(`${logFolder}/${name}`).size, 0);
}
