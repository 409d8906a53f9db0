// The disk of the journals and the memory file system beside it, both filled to the last page: the
// end of all room. Reading waits, and the kernel keeps what it can.

import assert from "node:assert/strict";
import { FedSite } from "../support/fed_site.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";

requires(root, program("mount"), natsServer).test(
  "disk and memory full: reading waits, and afterwards nothing is missing",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new MemoryFileSystem({ megabytes: 8 }));
    const memory = stack.use(new MemoryFileSystem({ megabytes: 4 }));
    const fed = await FedSite.start({
      ports: 1,
      logFolder: disk.join("log"),
      runFolder: memory.join("run"),
      logging: { max_size_mb: 0.1, max_backups: 1000 },
      journal: { min_free_mb: 0 },
    });
    stack.use(fed);
    await fed.untilDelivered("records before", 300);
    disk.fill();
    memory.fill();
    await fed.untilSaid("reading waits");
    const alive = fed.pid;
    disk.free();
    await fed.untilSaid("the disk takes records again");
    await fed.untilDelivered("records after", 300);
    memory.free();
    assert.equal(fed.pid, alive, "the same process all the time");
    await fed.assertAllIsWell();
    assert.deepEqual(fed.losses(0), []);
  },
);
