import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const host = "hub.nectar.invalid";
const count = 100;

requires(natsServer, root, program("unshare"), program("mount")).test(
  "a server whose name is unknown holds nothing up, and gets everything when it is known",
  async () => {
    using folder = new TemporaryFolder();
    const hosts = folder.join("hosts");
    writeFileSync(hosts, "127.0.0.1 localhost\n");
    const storeFolder = folder.join("nats");
    await using server = await NatsServer.start({ program: natsProgram, storeFolder });
    const mountHosts = 'mount --bind "$0" /etc/hosts && exec "$@"';
    await using site = new Site({
      ports: 1,
      launcher: ["unshare", "--mount", "sh", "-c", mountHosts, hosts],
    });
    site.useServer(`nats://${host}:${server.port}`);
    await site.collector.start();
    const lines = Array.from({ length: count }, (_, i) => `record ${i}\r\n`).join("");
    await site.terminals[0]?.write(new TextEncoder().encode(lines));
    await waitFor("capture", () => site.records(0).length === count);
    await waitFor(
      "the log to tell",
      () => site.collector.log.some((line) => line.includes("disconnected")),
    );
    writeFileSync(hosts, `127.0.0.1 localhost ${host}\n`);
    await waitFor(
      "everything in the stream",
      async () => await messageCount(server.url, "cdr") === count,
      { timeoutMs: 30_000 },
    );
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(server.url, "cdr");
    assert.equal(stored.map(({ payload }) => latin1(payload)).join(""), site.logText(0));
  },
);
