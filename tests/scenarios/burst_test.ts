import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitForValue } from "../support/wait_for.ts";

const ports = 2;
const recordsPerPort = 40_000;

requires(natsServer).test(
  "80,000 records as fast as the ports take them, with NATS away, are all delivered afterwards",
  async () => {
    await using site = new Site({ ports, logging: { max_size_mb: 1 } });
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: site.folder.join("nats"),
    });
    site.useServer(server.url);
    await server.stop();
    await site.collector.start();
    await Promise.all(site.terminals.map(async (terminal, port) => {
      for (let from = 0; from < recordsPerPort; from += 1000) {
        const lines = Array.from({ length: 1000 }, (_, i) => `${record(port, from + i)}\r\n`);
        await terminal.write(new TextEncoder().encode(lines.join("")));
      }
    }));
    await server.restart();
    await waitForValue(
      "everything in the stream",
      () => messageCount(server.url, "cdr"),
      (messages) => messages >= ports * recordsPerPort,
      { timeoutMs: 60_000, intervalMs: 100 },
    );
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(server.url, "cdr");
    for (const port of site.terminals.keys()) {
      const mine = stored.filter(({ headers }) => headers["Nectar-Channel"] === site.channel(port));
      const bodies = mine.map(({ payload }) => latin1(payload).slice(headerLength, -1));
      assert.equal(bodies.length, recordsPerPort);
      assert.ok(bodies.every((body, i) => body === record(port, i)), `port ${port}`);
    }
  },
);

const headerLength = "[1429010002][A1][2026-01-31 12:00:00.000] ".length;

function record(port: number, number: number): string {
  return `port ${port} record ${number} 5555550142`.padEnd(100, "x");
}
