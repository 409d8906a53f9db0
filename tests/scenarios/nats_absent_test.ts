import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

/** A minute in the long tests. */
const absentMs = Number(Deno.env.get("NATS_ABSENT_SEC") ?? 3) * 1000;

requires(natsServer).test(
  "capture runs while NATS is absent from the start on; then a consumer sees each record once",
  async () => {
    await using site = new Site({ ports: 2 });
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: site.folder.join("nats"),
    });
    site.useServer(server.url);
    await server.stop();
    await site.collector.start();
    const encoder = new TextEncoder();
    const endMs = performance.now() + absentMs;
    let count = 0;
    while (performance.now() < endMs) {
      for (const terminal of site.terminals) {
        await terminal.write(encoder.encode(`record ${count}\n`));
      }
      count += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const port of site.terminals.keys()) {
      await waitFor("capture without NATS", () => site.records(port).length === count);
    }
    await server.restart();
    await waitForValue(
      "everything in the stream",
      () => messageCount(server.url, "cdr"),
      (messages) => messages >= 2 * count,
      { timeoutMs: 30_000 },
    );
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(server.url, "cdr");
    for (const port of site.terminals.keys()) {
      const mine = stored.filter(({ headers }) => headers["Nectar-Channel"] === site.channel(port));
      assert.equal(mine.map(({ payload }) => latin1(payload)).join(""), site.logText(port));
    }
    assert.equal(stored.length, 2 * count);
  },
);
