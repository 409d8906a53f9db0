import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site, siteFips } from "../support/site.ts";
import { manage, messageCount, readStream } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitForValue } from "../support/wait_for.ts";

const { test } = requires(natsServer);
const subject = `ut.cdr.hub.${siteFips}`;

/** Records of a week, a third of them before each restart. */
const weekRecords = Number(Deno.env.get("WEEK_RECORDS") ?? 6000);
const maxBackups = 2;

/** What the collector may need above what it needs idle. */
const allowedKilobytes = 32 * 1024;

test("a hub that is away for a week costs nothing but disk, and then has every record once", async () => {
  using folder = new TemporaryFolder();
  const program = natsProgram;
  await using local = await NatsServer.start({ program, storeFolder: folder.join("local") });
  await using hub = await NatsServer.start({ program, storeFolder: folder.join("hub") });
  // Long forgotten, when it is back, which message ids it has seen.
  const duplicate_window = 100 * 1_000_000;
  await manage(hub.url, async (manager) => {
    await manager.streams.add({ name: "hub", subjects: [subject], duplicate_window });
  });
  await hub.stop();
  await using site = new Site({
    ports: 1,
    logging: { max_size_mb: 0.2, max_backups: maxBackups, compress: true },
    forwarder: { enabled: true, remote_url: hub.url, remote_subject: subject },
  });
  site.useServer(local.url);
  await site.collector.start();
  await feed(site, 0, weekRecords / 3);
  await delivered(local, "cdr", weekRecords / 3);
  await site.collector.kill();
  await site.collector.start();
  await feed(site, weekRecords / 3, weekRecords / 3);
  await delivered(local, "cdr", weekRecords * 2 / 3);
  assert.equal(await site.collector.stop(), 0);

  await site.collector.start();
  await feed(site, weekRecords * 2 / 3, 300);
  await delivered(local, "cdr", weekRecords * 2 / 3 + 300);
  const idle = residentKilobytes(site);
  await feed(site, weekRecords * 2 / 3 + 300, weekRecords / 3 - 300);
  await delivered(local, "cdr", weekRecords);
  assert.ok(residentKilobytes(site) - idle < allowedKilobytes, "away, it costs no memory");
  const waiting = rotated(site);
  assert.ok(waiting.length > maxBackups, "what the hub needs is kept");
  assert.ok(waiting.every((file) => file.endsWith(".log")), "and is not packed");

  await hub.restart();
  const startMs = performance.now();
  const drain = await delivered(hub, "hub", weekRecords, site);
  assert.ok(drain - idle < allowedKilobytes, `back, it costs ${drain - idle} KB of memory`);
  if (weekRecords > 6000) {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`${weekRecords} records in ${waiting.length} files drained in ${seconds} s`);
    console.log(`idle ${idle} KB, draining ${drain} KB`);
  }
  await waitForValue(
    "former files to go, or to be packed",
    () => rotated(site),
    (files) => files.length <= maxBackups && files.every((file) => file.endsWith(".gz")),
  );
  assert.equal(await site.collector.stop(), 0);
  const stored = await readStream(hub.url, "hub");
  assert.ok(stored.every((message) => message.subject === subject));
  const lines = stored.map(({ payload }) => latin1(payload));
  assert.deepEqual(lines.map((line) => line.slice(headerBytes, -1)), texts(0, weekRecords));
  const atHome = await readStream(local.url, "cdr");
  assert.deepEqual(lines, atHome.map(({ payload }) => latin1(payload)));
});

test("local records and those of the hub may go to two streams of the same server", async () => {
  using folder = new TemporaryFolder();
  const storeFolder = folder.join("store");
  await using server = await NatsServer.start({ program: natsProgram, storeFolder });
  await manage(server.url, async (manager) => {
    await manager.streams.add({ name: "hub", subjects: ["hub.>"] });
  });
  const remote_subject = `hub.cdr.${siteFips}`;
  await using site = new Site({
    ports: 1,
    forwarder: { enabled: true, remote_url: server.url, remote_subject, manage_streams: false },
  });
  site.useServer(server.url);
  await site.collector.start();
  await feed(site, 0, 100);
  for (const stream of ["cdr", "hub"]) await delivered(server, stream, 100);
  assert.equal(await site.collector.stop(), 0);
  const [home, away] = await Promise.all(["cdr", "hub"].map(async (stream) => {
    const stored = await readStream(server.url, stream);
    return stored.map(({ payload, id }) => `${id} ${latin1(payload)}`);
  }));
  assert.deepEqual(away, home);
});

const headerBytes = "[1429010002][A1][2026-01-31 12:00:00.000] ".length;

function texts(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `call ${from + i} 5555550142 `.padEnd(100, "x"));
}

async function feed(site: Site, from: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1000) {
    const lines = texts(from + done, Math.min(1000, count - done)).join("\r\n");
    await site.terminals[0]?.write(new TextEncoder().encode(`${lines}\r\n`));
  }
}

/** Waits until a stream has so many; resolves to the most memory that `site` has had meanwhile. */
async function delivered(
  server: NatsServer,
  stream: string,
  count: number,
  site?: Site,
): Promise<number> {
  let most = 0;
  await waitForValue(
    `all in stream ${stream}`,
    () => {
      if (site !== undefined) most = Math.max(most, residentKilobytes(site));
      return messageCount(server.url, stream);
    },
    (messages) => messages === count,
    { timeoutMs: 20_000 + count, intervalMs: 50 },
  );
  return most;
}

/** Names of the port's former logs. */
function rotated(site: Site): string[] {
  return readdirSync(site.logFolder)
    .filter((file) => file.startsWith(`${site.channel(0)}.`) && /Z\.log(\.gz)?$/.test(file));
}

function residentKilobytes(site: Site): number {
  const status = readFileSync(`/proc/${site.collector.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}
