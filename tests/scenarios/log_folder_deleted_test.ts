// Somebody removes the folder of the logs while records come in.

import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitForValue } from "../support/wait_for.ts";

const recordCount = 6000;
const removals = 5;

requires(natsServer).test(
  "rm -rf of the log folder under load: it is back in no time, and no record is missing",
  async () => {
    await using stack = new AsyncDisposableStack();
    const site = new Site({ ports: 1, logging: { max_size_mb: 0.2, max_backups: 1000 } });
    stack.use(site);
    const program = natsProgram;
    const server = await NatsServer.start({ program, storeFolder: site.folder.join("nats") });
    stack.use(server);
    site.useServer(server.url);
    await site.collector.start();
    const records = Array.from(
      { length: recordCount },
      (_, i) => `${i} 5555550142 ${"x".repeat(i % 60)}`,
    );
    const backMs: number[] = [];
    const sending = send(site, records);
    const log = `${site.logFolder}/${site.channel(0)}.log`;
    for (let i = 0; i < removals; i++) {
      await new Promise((resolve) => setTimeout(resolve, 450));
      Deno.removeSync(site.logFolder, { recursive: true });
      const begunMs = performance.now();
      await waitForValue("the log", () => Deno.statSync(log).size, () => true);
      backMs.push(Math.round(performance.now() - begunMs));
    }
    await sending;
    console.log(`back after ${backMs.join(", ")} ms`);
    await waitForValue(
      "all records in the stream",
      () => messageCount(server.url, "cdr"),
      (count) => count >= recordCount,
      { timeoutMs: 30_000, intervalMs: 100 },
    );
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(server.url, "cdr");
    const delivered = stored.map(({ payload }) => latin1(payload).slice(0, -1).split("] ")[1]);
    assert.deepEqual(delivered, records);
    assert.equal(new Set(stored.map(({ id }) => id)).size, recordCount, "no id comes twice");
    // What stood in rotated logs that were delivered already is gone with the folder.
    const left = site.records(0);
    assert.deepEqual(left, records.slice(-left.length), "what is on the disk has no hole");
    assert.ok(site.collector.log.join("\n").includes("was deleted or moved away"), "it was told");
  },
);

async function send(site: Site, records: readonly string[]): Promise<void> {
  const bytes = new TextEncoder().encode(records.map((record) => `${record}\r\n`).join(""));
  for (let at = 0; at < bytes.length; at += 700) {
    await site.terminals[0]?.write(bytes.subarray(at, at + 700));
    await new Promise((resolve) => setTimeout(resolve, 6));
  }
}
