import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { denoForProxy, TcpProxy } from "../support/tcp_proxy.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const test = again(requires(natsServer, denoForProxy).test);
const backlog = 20_000;

/** What the collector may need above what it needs idle. */
const allowedKilobytes = 32 * 1024;

interface Fault {
  readonly name: string;
  readonly begin: (proxy: TcpProxy, server: NatsServer) => Promise<void> | void;
  readonly end: (proxy: TcpProxy, server: NatsServer) => Promise<void> | void;
}

const faults: readonly Fault[] = [
  {
    name: "the network is a black hole",
    begin: (proxy) => proxy.silence(),
    end: (proxy) => proxy.heal(),
  },
  { name: "the link is down", begin: (proxy) => proxy.freeze(), end: (proxy) => proxy.heal() },
  {
    name: "acknowledgements are lost",
    begin: (proxy) => proxy.toClient.swallow(),
    end: (proxy) => proxy.heal(),
  },
  {
    name: "the server is frozen",
    begin: (_, server) => server.pause(),
    end: (_, server) => server.resume(),
  },
];

for (const { name, begin, end } of faults) {
  test(`capture goes on in little memory while ${name}; then all is delivered once`, async () => {
    await using site = new Site({ ports: 1 });
    const storeFolder = site.folder.join("nats");
    await using server = await NatsServer.start({ program: natsProgram, storeFolder });
    using proxy = await TcpProxy.open({ serverPort: server.port });
    site.useServer(proxy.url);
    await site.collector.start();
    const before = await feed(site, 0, 2000);
    await delivered(server, before);
    const idle = residentKilobytes(site);
    await begin(proxy, server);
    const captured = await feed(site, before, backlog);
    await waitFor("the log to tell", () => site.collector.log.some((line) => /stalled/.test(line)));
    const grown = residentKilobytes(site) - idle;
    assert.ok(grown < allowedKilobytes, `grew by ${grown} KB`);
    await end(proxy, server);
    await delivered(server, captured);
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(server.url, "cdr");
    assert.equal(stored.map(({ payload }) => latin1(payload)).join(""), site.logText(0));
  });
}

/** Sends so many records and waits until they are captured. Returns how many there are then. */
async function feed(site: Site, before: number, count: number): Promise<number> {
  const lines = Array.from({ length: count }, (_, i) => `call ${before + i} from 555-0100\n`);
  await site.terminals[0]?.write(new TextEncoder().encode(lines.join("")));
  const after = before + count;
  await waitForValue("all in the journal", () => site.records(0).length, (n) => n === after, {
    timeoutMs: 30_000,
    intervalMs: 50,
  });
  return after;
}

async function delivered(server: NatsServer, count: number): Promise<void> {
  await waitForValue(
    "all in the stream",
    () => messageCount(server.url, "cdr"),
    (messages) => messages === count,
    { timeoutMs: 30_000, intervalMs: 50 },
  );
}

function residentKilobytes(site: Site): number {
  const status = readFileSync(`/proc/${site.collector.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}
