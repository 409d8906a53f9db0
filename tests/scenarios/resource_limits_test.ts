// A box that is small: the collector takes more memory than it may, and nearly all the descriptors
// that it may have.

import assert from "node:assert/strict";
import { limitDescriptors, openDescriptors } from "../support/descriptor_limit.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { program, requires } from "../support/requirements.ts";

requires(program("prlimit"), natsServer).test(
  "above its budget of memory, and short of descriptors, it says so and loses nothing",
  async () => {
    await using fed = await FedSite.start({
      ports: 2,
      // Less than it takes at its start.
      prepare: ({ folder }) => {
        const file = folder.join("config.json");
        const config = JSON.parse(Deno.readTextFileSync(file));
        Deno.writeTextFileSync(file, JSON.stringify({ ...config, resources: { memory_mb: 64 } }));
      },
    });
    limitDescriptors(fed.pid, Math.ceil(openDescriptors(fed.pid).length / 0.85));
    await fed.untilSaid("more than its 64 MB: queues are shorter; capture goes on");
    await fed.untilSaid("files and sockets are open, and ");
    await fed.untilDelivered("records with shorter queues", 300);
    await fed.assertAllIsWell();
    assert.deepEqual([fed.losses(0), fed.losses(1)], [[], []]);
  },
);
