import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { Random } from "../../src/simulate/random.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitForValue } from "../support/wait_for.ts";

const ports = 4;
const recordsPerPort = 5000;
const collectorKills = 10;
const serverKills = 5;

/** Between two pieces of a port's bytes; with their size it keeps the ports busy throughout. */
const pieceMs = 12;

requires(natsServer).test(
  "20,000 records on four ports survive ten kills of the collector and five of the server",
  async (context) => {
    for (const seed of seeds()) {
      await context.step(`seed ${seed}`, () => survivesKills(new Random(seed)));
    }
  },
);

async function survivesKills(random: Random): Promise<void> {
  console.log(`seed ${random.seed}`);
  await using stack = new AsyncDisposableStack();
  const site = new Site({
    ports,
    logging: { max_size_mb: 0.05, max_backups: 1000 },
  });
  stack.use(site);
  const server = await NatsServer.start({
    program: natsProgram,
    storeFolder: site.folder.join("nats"),
  });
  stack.use(server);
  site.useServer(server.url);
  const sent = site.terminals.map((_, port) => recordsOf(port, random));
  await site.collector.start();
  const sending = sent.map((records, port) => send(site, port, records, random));
  await Promise.all([
    killCollector(site, new Random(random.integer(0, 2 ** 31))),
    killServer(server, new Random(random.integer(0, 2 ** 31))),
    ...sending,
  ]);
  for (const [port, records] of sent.entries()) {
    const found = await waitForValue(
      `all records of port ${port} in the journal`,
      () => site.records(port),
      (lines) => lines.length >= records.length,
      { timeoutMs: 30_000, intervalMs: 100 },
    );
    assert.deepEqual(found, records, `port ${port}: the journal holds exactly what was sent`);
  }
  await waitForValue(
    "all records in the stream",
    () => messageCount(server.url, "cdr"),
    (count) => count >= ports * recordsPerPort,
    { timeoutMs: 30_000, intervalMs: 100 },
  );
  assert.equal(await site.collector.stop(), 0);
  const stored = await readStream(server.url, "cdr");
  assert.equal(new Set(stored.map(({ id }) => id)).size, stored.length, "no id comes twice");
  for (const port of sent.keys()) {
    const mine = stored.filter(({ headers }) => headers["Nectar-Channel"] === site.channel(port));
    const inStream = mine.map(({ payload }) => latin1(payload)).join("");
    assert.equal(inStream, site.logText(port), `port ${port}: the stream holds what the log holds`);
  }
}

/** Records with numbers of their own, none with a line end. */
function recordsOf(port: number, random: Random): string[] {
  return Array.from({ length: recordsPerPort }, (_, i) => {
    const padding = "x".repeat(random.integer(0, 40));
    return `${port}-${i} 5555550${random.integer(100, 199)} ${padding}`;
  });
}

/** Sends the records with line ends of all kinds, in pieces that care for no boundary. */
async function send(
  site: Site,
  port: number,
  records: readonly string[],
  random: Random,
): Promise<void> {
  const text = records.map((record) => record + random.pick(["\n", "\r\n", "\r"])).join("");
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + random.integer(1, 500));
    await site.terminals[port]?.write(piece);
    at += piece.length;
    await new Promise((resolve) => setTimeout(resolve, pieceMs));
  }
}

async function killCollector(site: Site, random: Random): Promise<void> {
  for (let kill = 0; kill < collectorKills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 900)));
    await site.collector.kill();
    await site.collector.start();
  }
}

async function killServer(server: NatsServer, random: Random): Promise<void> {
  for (let kill = 0; kill < serverKills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 2500)));
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 500)));
    await server.restart();
  }
}
