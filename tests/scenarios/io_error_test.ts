// Disks that fail when they are to sync or to take bytes, and a real one whose blocks run out behind
// the file system's back.

import assert from "node:assert/strict";
import { FedSite } from "../support/fed_site.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";
import { strace, SystemCallFaults } from "../support/system_call_faults.ts";
import { ThinDisk } from "../support/thin_disk.ts";
import { waitFor } from "../support/wait_for.ts";

const logging = { max_size_mb: 0.05, max_backups: 1000 };
const syncs = "fdatasync,fsync";

const injections = [
  { name: "the first sync of every thread", inject: `${syncs}:error=EIO:when=1`, least: 1 },
  { name: "every third sync", inject: `${syncs}:error=EIO:when=3+3`, least: 3 },
  { name: "every sync", inject: `${syncs}:error=EIO`, least: 5 },
];

for (const { name, inject, least } of injections) {
  requires(strace, natsServer).test(
    `EIO at ${name} for a while: every record is in the stream and in the logs, once`,
    async () => {
      await using fed = await FedSite.start({ ports: 1, logging });
      await fed.untilDelivered("records before", 300);
      {
        await using faults = await SystemCallFaults.begin({ pid: fed.pid, inject });
        await waitFor(`${least} syncs to fail`, () => faults.injected >= least);
        await fed.untilDelivered("records while syncs fail", 500);
      }
      await fed.untilSaid("the disk takes records again");
      await fed.untilDelivered("records after", 300);
      await fed.assertAllIsWell();
      assert.ok(fed.said.includes("capture goes on in memory"), "it was told");
    },
  );
}

for (const when of ["when=1", "when=2+3", ""]) {
  requires(strace, natsServer).test(
    `EIO at writes to the log and its index (${when || "all"}) for a while: nothing is missing`,
    async () => {
      await using fed = await FedSite.start({ ports: 1, logging });
      await fed.untilDelivered("records before", 300);
      const base = `${fed.site.logFolder}/${fed.site.channel(0)}`;
      const paths = [".log", ".idx", ".next.log", ".next.idx"].map((ending) => base + ending);
      const inject = ["write:error=EIO", when].filter((part) => part !== "").join(":");
      {
        await using faults = await SystemCallFaults.begin({ pid: fed.pid, inject, paths });
        await waitFor("a write to fail", () => faults.injected >= 1);
        await fed.untilDelivered("records while writes fail", 500);
      }
      await fed.untilSaid("the disk takes records again");
      await fed.untilDelivered("records after", 300);
      await fed.assertAllIsWell();
    },
  );
}

requires(root, program("mount"), program("losetup"), program("mkfs.ext4"), natsServer).test(
  "a disk whose blocks run out behind the file system's back: nothing is missing once it has some",
  async () => {
    await using stack = new AsyncDisposableStack();
    const store = stack.use(new MemoryFileSystem({ megabytes: 64 }));
    const disk = stack.use(new ThinDisk(store));
    const fed = await FedSite.start({ ports: 1, logFolder: disk.join("log"), logging });
    stack.use(fed);
    await fed.untilDelivered("records before", 300);
    store.fill();
    await fed.untilSaid("capture goes on in memory");
    assert.ok(disk.freeBytes > 64 * 1024 * 1024, "the file system knows of nothing");
    await fed.untilDelivered("records from memory", 1000);
    store.free();
    await fed.untilSaid("the disk takes records again");
    await fed.untilDelivered("records after", 300);
    await fed.assertAllIsWell();
    assert.match(fed.said, /(Input\/output error|No space left on device).*in memory/);
  },
);
