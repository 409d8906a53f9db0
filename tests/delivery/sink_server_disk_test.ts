// The disk of the server, not ours. A nats-server that cannot write says so to nobody: it stops
// answering, and answers again only when it is started anew.

import { DeliverySite } from "../support/delivery_site.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";

const test = again(requires(natsServer, root, program("mount")).test);

test(
  "a server that a full disk has silenced is told, and gets everything once when it is restarted",
  async () => {
    using disk = new MemoryFileSystem({ megabytes: 16 });
    await using site = await DeliverySite.open({ storePath: disk.join("store") });
    site.fed.feed(500);
    site.startSink();
    await site.caughtUp();
    await site.state("delivering");
    disk.fill();
    site.fed.feed(2000);
    await site.state("stalled");
    disk.free();
    await site.server.kill();
    await site.server.restart();
    await site.caughtUp();
    await site.state("delivering");
    await site.assertDelivered();
  },
);
