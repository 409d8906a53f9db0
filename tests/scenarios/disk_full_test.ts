// The disk of the journals, shared with a writer that fills it to the last page, and freed again.

import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { Random } from "../../src/simulate/random.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const recordCount = 10_000;
const times = 3;

requires(root, program("mount"), natsServer).test(
  "10,000 records are captured through a disk that fills up and is freed, three times over",
  async (context) => {
    for (const seed of seeds()) {
      await context.step(`seed ${seed}`, () => survivesFullDisk(new Random(seed)));
    }
  },
);

async function survivesFullDisk(random: Random): Promise<void> {
  console.log(`seed ${random.seed}`);
  await using stack = new AsyncDisposableStack();
  const disk = stack.use(new MemoryFileSystem({ megabytes: 8 }));
  const site = new Site({
    ports: 1,
    logFolder: disk.join("log"),
    logging: { max_size_mb: 0.1, max_backups: 1000 },
    journal: { min_free_mb: 0 },
  });
  stack.use(site);
  const program = natsProgram;
  const server = await NatsServer.start({ program, storeFolder: site.folder.join("nats") });
  stack.use(server);
  site.useServer(server.url);
  await site.collector.start();
  const records = Array.from(
    { length: recordCount },
    (_, i) => `${i} 5555550${random.integer(100, 199)} ${"x".repeat(random.integer(0, 60))}`,
  );
  const part = Math.floor(recordCount / (2 * times));
  for (let i = 0; i < times; i++) {
    await send(site, records.slice(2 * i * part, (2 * i + 1) * part));
    const before = await messageCount(server.url, "cdr").catch(() => 0);
    disk.fill();
    const end = i === times - 1 ? recordCount : 2 * (i + 1) * part;
    await send(site, records.slice((2 * i + 1) * part, end));
    await waitFor(
      "records that are delivered while the disk is full",
      async () => await messageCount(server.url, "cdr") >= Math.max(before, end - 100),
      { timeoutMs: 30_000, intervalMs: 100 },
    );
    disk.free();
  }
  await waitForValue(
    "all records in the stream",
    () => messageCount(server.url, "cdr"),
    (count) => count >= recordCount,
    { timeoutMs: 30_000, intervalMs: 100 },
  );
  await waitForValue(
    "all records on the disk",
    () => site.records(0),
    (lines) => lines.length >= recordCount,
    { timeoutMs: 30_000, intervalMs: 100 },
  );
  assert.deepEqual(site.records(0), records, "the logs hold exactly what was sent");
  assertNoTornRecord(site);
  assert.equal(await site.collector.stop(), 0);
  assert.ok(
    site.collector.log.join("\n").includes("capture goes on in memory"),
    "it was really full",
  );
  const stored = await readStream(server.url, "cdr");
  assert.equal(stored.map(({ payload }) => latin1(payload)).join(""), site.logText(0));
  assert.equal(new Set(stored.map(({ id }) => id)).size, recordCount, "no id comes twice");
}

async function send(site: Site, records: readonly string[]): Promise<void> {
  const bytes = new TextEncoder().encode(records.map((record) => `${record}\r\n`).join(""));
  for (let at = 0; at < bytes.length; at += 2000) {
    await site.terminals[0]?.write(bytes.subarray(at, at + 2000));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function assertNoTornRecord(site: Site): void {
  for (const { name } of Deno.readDirSync(site.logFolder)) {
    if (!name.endsWith(".log") || !name.startsWith(site.channel(0))) continue;
    const text = latin1(Deno.readFileSync(`${site.logFolder}/${name}`));
    const torn = text.split("\n").slice(0, -1)
      .filter((line) => !/^\[\d{10}\]\[A1\]\[[-0-9]{10} [:.0-9]{12}\] \d+ \d{10} x*$/.test(line));
    assert.deepEqual(torn, [], name);
    assert.ok(text === "" || text.endsWith("\n"), `${name} ends with a whole record`);
  }
}
