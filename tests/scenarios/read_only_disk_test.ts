// A disk that takes no more writes: after an error, from the start, or for the folder alone.

import assert from "node:assert/strict";
import { BreakingDisk, breakingDiskNeeds } from "../support/breaking_disk.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { waitFor } from "../support/wait_for.ts";

const needs = requires(...breakingDiskNeeds, natsServer);

needs.test(
  "a disk that turns read-only by an error: records are delivered from memory, and all are on the mended one",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new BreakingDisk());
    const fed = await FedSite.start({
      ports: 1,
      logFolder: disk.join("log"),
      logging: { max_size_mb: 0.1, max_backups: 1000 },
    });
    stack.use(fed);
    await fed.untilDelivered("records before the error", 500);
    disk.failReadOnly();
    await fed.untilSaid("capture goes on in memory");
    await fed.untilDelivered("records from memory", 1000);
    assert.throws(() => disk.remount("rw"), "the kernel wants it checked first");
    await fed.untilDelivered("more records from memory", 500);
    disk.mend();
    await fed.untilSaid("the disk takes records again");
    await fed.untilDelivered("records from the mended disk", 500);
    await fed.assertAllIsWell();
  },
);

needs.test(
  "started on a read-only disk: records wait in memory, and the journal opens when that can be written",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new BreakingDisk());
    const fed = await FedSite.start({
      ports: 1,
      logFolder: disk.join("log"),
      prepare: ({ logFolder }) => {
        Deno.mkdirSync(logFolder);
        disk.remount("ro");
      },
    });
    stack.use(fed);
    await fed.untilSaid("capture goes on in memory");
    await fed.untilSent(1000);
    disk.remount("rw");
    await fed.untilDelivered("all records", 500);
    await fed.assertAllIsWell();
  },
);

needs.test(
  "started again on a disk that has turned read-only, and is mended: nothing is missing",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new BreakingDisk());
    const fed = await FedSite.start({ ports: 1, logFolder: disk.join("log") });
    stack.use(fed);
    await fed.untilDelivered("records before the error", 500);
    disk.failReadOnly();
    await fed.untilSaid("capture goes on in memory");
    await fed.untilDelivered("records from memory", 500);
    await fed.site.collector.kill();
    await fed.site.collector.start();
    await fed.untilSent(500);
    disk.mend();
    await fed.untilDelivered("all records", 500);
    await fed.assertAllIsWell();
  },
);

needs.test("a log folder that lets no file be made: capture goes on, and logs are rotated later", async () => {
  await using stack = new AsyncDisposableStack();
  const disk = stack.use(new BreakingDisk());
  const fed = await FedSite.start({
    ports: 1,
    logFolder: disk.join("log"),
    logging: { max_size_mb: 0.05, max_backups: 1000 },
  });
  stack.use(fed);
  await fed.untilDelivered("records before", 500);
  const { logFolder } = fed.site;
  const rotated = (): number =>
    Array.from(Deno.readDirSync(logFolder)).filter(({ name }) => /Z\.log$/.test(name)).length;
  // Over the same folder, so that files that are open can still be written.
  const cover = stack.use(disk.coverReadOnly(logFolder));
  // The log goes on as it is, or memory takes over, if a rotation was under way.
  await fed.untilSaid("Read-only file system");
  const before = rotated();
  await fed.untilDelivered("records without rotation", 1500);
  assert.equal(rotated(), before);
  cover[Symbol.dispose]();
  await waitFor("rotation", () => rotated() > before);
  await fed.assertAllIsWell();
});
