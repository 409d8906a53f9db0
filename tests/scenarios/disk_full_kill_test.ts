// The collector is killed while the disk is full, and starts while it still is.

import assert from "node:assert/strict";
import { Random } from "../../src/simulate/random.ts";
import { FedSite } from "../support/fed_site.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";

const kills = 3;

for (const what of ["the logs", "the logs and the state"]) {
  requires(root, program("mount"), natsServer).test(
    `the disk of ${what} is full, the collector is killed ${kills} times and started on it: nothing is missing`,
    async (context) => {
      for (const seed of seeds()) {
        await context.step(`seed ${seed}`, () => survives(new Random(seed), what !== "the logs"));
      }
    },
  );
}

async function survives(random: Random, withState: boolean): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const disk = stack.use(new MemoryFileSystem({ megabytes: 8 }));
  const fed = await FedSite.start({
    ports: 1,
    rate: 300,
    logFolder: disk.join("log"),
    logging: { max_size_mb: 0.1, max_backups: 1000 },
    journal: { min_free_mb: 0, ...withState ? { state_path: disk.join("state") } : {} },
  });
  stack.use(fed);
  await fed.untilSent(random.integer(50, 500));
  disk.fill();
  await fed.untilSaid("capture goes on in memory");
  for (let kill = 0; kill < kills; kill++) {
    await fed.untilSent(random.integer(1, 300));
    await fed.site.collector.kill();
    disk.fill();
    await fed.site.collector.start();
  }
  await fed.untilDelivered("records in spite of the full disk", 100);
  disk.free();
  await fed.untilDelivered("records after", 300);
  await fed.assertAllIsWell();
  assert.equal(fed.losses(0).length, 0);
}
