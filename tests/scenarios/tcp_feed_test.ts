import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { Random } from "../../src/simulate/random.ts";
import { freePort } from "../support/free_port.ts";
import { KeepingSender } from "../support/keeping_sender.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";
import { latin1, Site } from "../support/site.ts";
import { StreamingSender } from "../support/streaming_sender.ts";
import { messageCount, readStream, type StoredMessage } from "../support/stream_contents.ts";
import { denoForProxy, TcpProxy } from "../support/tcp_proxy.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

/** The long forms: TCP_CUTS=500, TCP_KILLS=20. */
const cuts = Number(Deno.env.get("TCP_CUTS") ?? 3);
const kills = Number(Deno.env.get("TCP_KILLS") ?? 1);

const recovery = { reconnect_delay_sec: 0.05, max_reconnect_delay_sec: 0.2 };
const logging = { max_size_mb: 0.02, max_backups: 1000 };

requires(natsServer, denoForProxy).test(
  "TCP feeds that are cut: what is acknowledged is complete and in order, else only what was under way is missing",
  async (context) => {
    for (const seed of seeds()) {
      await context.step(`seed ${seed}`, () => survivesCuts(new Random(seed)));
    }
  },
);

requires(natsServer).test(
  "a TCP feed with acknowledgements survives kills of the collector, and comes once unless sent again",
  async (context) => {
    for (const seed of seeds()) {
      await context.step(`seed ${seed}`, () => survivesKills(new Random(seed)));
    }
  },
);

async function survivesCuts(random: Random): Promise<void> {
  console.log(`seed ${random.seed}`);
  await using stack = new AsyncDisposableStack();
  const keeper = new KeepingSender({ records: recordsOf("keeper", cuts * 40, random), window: 8 });
  const keeping = stack.use(new Equipment((conn) => keeper.use(conn)));
  const streamer = new StreamingSender(random);
  const streaming = stack.use(new Equipment((conn) => streamer.use(conn)));
  const proxies = [
    stack.use(await TcpProxy.open({ serverPort: keeping.port })),
    stack.use(await TcpProxy.open({ serverPort: streaming.port })),
  ] as const;
  const [first, second] = proxies;
  const host = "127.0.0.1";
  const site = stack.use(
    new Site({
      ports: 0,
      otherPorts: [
        { type: "tcp", host, port: first.port, acknowledge: "\u0006" },
        { type: "tcp", host, port: second.port },
      ],
      logging,
      recovery,
    }),
  );
  const server = await serverOf(site, stack);
  await site.collector.start();
  for (let cut = 1; cut <= cuts; cut++) {
    const due = Math.floor(keeper.records.length * cut / (cuts + 1));
    const isDue = (): boolean => keeper.acknowledged >= due && site.records(1).length >= cut * 20;
    await waitFor("records", isDue, { timeoutMs: 60_000, intervalMs: 5 });
    for (const proxy of proxies) {
      const how = random.pick(["end", "reset"] as const);
      if (random.integer(0, 1) === 0) proxy.cut(how);
      else proxy.toClient.cutAfter(random.pick([/-\d/, /\r/, /5555/]), how);
    }
  }
  await waitFor("the last acknowledgement", () => keeper.isDone, { timeoutMs: 60_000 });
  streamer.finish();
  const [kept = [], streamed = []] = await endOf(site, server);
  keeper.assertKept(whole(kept));
  streamer.assertArrived(whole(streamed), torn(streamed), cuts);
  console.log(
    `${cuts} cuts: ${
      kept.length - keeper.records.length
    } more than ${keeper.records.length} kept; ` +
      `${streamer.sent.length - whole(streamed).length} of ${streamer.sent.length} not arrived ` +
      `over ${streaming.connections} connections`,
  );
}

async function survivesKills(random: Random): Promise<void> {
  console.log(`seed ${random.seed}`);
  await using stack = new AsyncDisposableStack();
  const port = freePort();
  const site = stack.use(
    new Site({
      ports: 0,
      otherPorts: [{ type: "tcp", listen_port: port, acknowledge: "\u0006" }],
      logging,
      recovery,
    }),
  );
  const server = await serverOf(site, stack);
  await site.collector.start();
  const window = random.integer(1, 20);
  const sender = new KeepingSender({ records: recordsOf("pbx", kills * 300, random), window });
  const sending = (async () => {
    while (!sender.isDone) {
      try {
        await sender.use(await Deno.connect({ hostname: "127.0.0.1", port }));
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await new Promise((resolve) => setTimeout(resolve, random.integer(1, 30)));
      }
    }
  })();
  for (let kill = 1; kill <= kills; kill++) {
    const due = Math.floor(sender.records.length * kill / (kills + 1));
    const isDue = (): boolean => sender.acknowledged >= due;
    await waitFor("acknowledgements", isDue, { timeoutMs: 60_000, intervalMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 10)));
    await site.collector.kill();
    // What was acknowledged is on the disk, whatever is done after the kill.
    const there = new Set(site.records(0));
    for (const record of sender.records.slice(0, sender.acknowledged)) {
      assert.ok(there.has(record), `${record} was acknowledged and is not there`);
    }
    await site.collector.start();
  }
  await sending;
  const [kept = []] = await endOf(site, server);
  sender.assertKept(whole(kept));
  const resent = sender.sent.filter((count) => count > 1).length;
  const twice = whole(kept).length - sender.records.length;
  console.log(`${kills} kills, window ${window}: ${resent} sent again, ${twice} kept twice`);
}

/** Listens, and serves one connection after the other. */
class Equipment implements Disposable {
  readonly port: number;
  connections = 0;
  readonly #listener: Deno.TcpListener;

  constructor(serve: (conn: Deno.Conn) => Promise<void>) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#run(serve);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #run(serve: (conn: Deno.Conn) => Promise<void>): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections += 1;
      await serve(conn);
    }
  }
}

/** Records with numbers of their own. */
function recordsOf(name: string, count: number, random: Random): string[] {
  return Array.from(
    { length: count },
    (_, i) =>
      `${name}-${i} 5555550${random.integer(100, 199)} ${"x".repeat(random.integer(0, 40))}`,
  );
}

async function serverOf(site: Site, stack: AsyncDisposableStack): Promise<NatsServer> {
  const storeFolder = site.folder.join("nats");
  const server = stack.use(await NatsServer.start({ program: natsProgram, storeFolder }));
  site.useServer(server.url);
  return server;
}

/** Stops the collector when all is delivered; the stream's messages, by port, are what the logs hold. */
async function endOf(site: Site, server: NatsServer): Promise<StoredMessage[][]> {
  const ports = [0, 1].filter((port) => existsSync(`${site.logFolder}/${site.channel(port)}.log`));
  const inLogs = (): number => ports.reduce((sum, port) => sum + site.records(port).length, 0);
  await waitForValue(
    "all in the stream",
    async () => await messageCount(server.url, "cdr") - inLogs(),
    (missing) => missing === 0,
    { timeoutMs: 30_000, intervalMs: 50 },
  );
  assert.equal(await site.collector.stop(), 0);
  const stored = await readStream(server.url, "cdr");
  assert.equal(new Set(stored.map(({ id }) => id)).size, stored.length, "no id comes twice");
  return ports.map((port) => {
    const name = site.channel(port);
    const mine = stored.filter(({ headers }) => headers["Nectar-Channel"] === name);
    assert.equal(mine.map(({ payload }) => latin1(payload)).join(""), site.logText(port));
    return mine;
  });
}

function whole(messages: readonly StoredMessage[]): string[] {
  return messages.filter(({ headers }) => headers["Nectar-Mark"] === undefined).map(textOf);
}

/** Beginnings of records whose end did not come. */
function torn(messages: readonly StoredMessage[]): string[] {
  return messages.filter(({ headers }) => headers["Nectar-Mark"] === "partial").map(textOf);
}

function textOf({ payload }: StoredMessage): string {
  return latin1(payload).replace(/^(\[[^\]]*\]){3} /, "").slice(0, -1);
}
