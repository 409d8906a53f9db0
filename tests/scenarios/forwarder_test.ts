import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const subject = "ut.cdr.hub.1429010002";
const count = 300;

requires(natsServer).test(
  "a hub that is away holds nothing up, and has every record once when it is back",
  async () => {
    using folder = new TemporaryFolder();
    const program = natsProgram;
    await using local = await NatsServer.start({ program, storeFolder: folder.join("local") });
    await using hub = await NatsServer.start({ program, storeFolder: folder.join("hub") });
    await hub.stop();
    await using site = new Site({
      ports: 1,
      forwarder: { enabled: true, remote_url: hub.url, remote_subject: subject },
    });
    site.useServer(local.url);
    await site.collector.start();
    const lines = Array.from({ length: count }, (_, i) => `record ${i}\r\n`).join("");
    await site.terminals[0]?.write(new TextEncoder().encode(lines));
    await waitFor(
      "all at the local server",
      async () => await messageCount(local.url, "cdr") === count,
    );
    await hub.restart();
    await waitForValue(
      "all at the hub",
      () => messageCount(hub.url, "cdr"),
      (messages) => messages === count,
      { timeoutMs: 20_000 },
    );
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(hub.url, "cdr");
    assert.ok(stored.every((message) => message.subject === subject));
    assert.equal(stored.map(({ payload }) => latin1(payload)).join(""), site.logText(0));
  },
);
