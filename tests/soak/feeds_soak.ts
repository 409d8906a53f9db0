// Every kind of feed for as long as you like, and what happens to them: four serial ports, one that
// sends garbage, two HTTP feeds, a TCP feed with acknowledgements, a WebSocket feed; the server is
// killed and frozen, connections break, a port is reloaded. Prints the memory every half minute; at the
// end everything has to be in the stream, once and in order. Not a test: it takes its time.
//
//     MINUTES=60 deno task soak:feeds
//     NECTARCOLLECTOR=build/nectarcollector …      the executable instead of the sources

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { Libc } from "../../src/platform/libc.ts";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { Random } from "../../src/simulate/random.ts";
import { FedSite } from "../support/fed_site.ts";
import { freePort } from "../support/free_port.ts";
import { KeepingSender } from "../support/keeping_sender.ts";
import { latin1 } from "../support/site.ts";
import { readStream, type StoredMessage } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { TimedPosts } from "../support/timed_posts.ts";
import { WebSocketFeed } from "../support/websocket_feed.ts";

const minutes = Number(Deno.env.get("MINUTES") ?? 60);
const printMs = 30_000;
/** Until then caches fill and the compiler works. */
const settledMs = 10 * 60_000;
/** What the collector may grow by afterwards. */
const allowedMb = 8;
const serialPorts = 4;
/** From one trouble to the next. */
const troubleMs = 60_000;
/** In the order of the configuration, behind the serial ports; sides count from 1. */
const sides = { cdr: "A5", ali: "A6", tcp: "A7", webSocket: "A8", garbage: "A9" };
const garbageBytes = 20_000;

const random = new Random(Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31)));
console.log(`seed ${random.seed}`);
await using stack = new AsyncDisposableStack();
const folder = stack.use(new TemporaryFolder("feeds"));
const libc = stack.use(new Libc());
const garbler = new PseudoTerminal({ libc, link: folder.join("garbage") });
stack.defer(() => garbler.unplug());
const [httpPort, tcpPort] = [freePort(), freePort()];
let talkers = new WebSocketFeed();
stack.defer(() => talkers[Symbol.asyncDispose]());
const fed = stack.use(
  await FedSite.start({
    ports: serialPorts,
    rate: 25,
    otherPorts: [
      { type: "http", path: "/cdr", listen_port: httpPort },
      { type: "http", path: "/ali", listen_port: httpPort },
      { type: "tcp", listen_port: tcpPort, acknowledge: "\u0006" },
      { type: "websocket", url: talkers.url },
      { type: "serial", device: folder.join("garbage"), baud_rate: 115_200 },
    ],
    logging: { max_size_mb: 1, max_backups: 100_000 },
    recovery: { reconnect_delay_sec: 0.2, max_reconnect_delay_sec: 2 },
  }),
);
const over = new AbortController();
const begunMs = performance.now();
const posts = ["cdr", "ali"].map((path) =>
  new TimedPosts({ url: `http://127.0.0.1:${httpPort}/${path}`, pauseMs: 500 })
);
for (const each of posts) each.start();
const records = Array.from({ length: minutes * 60 * 100 }, (_, i) => `pbx-${i} 5555550142`);
const keeper = new KeepingSender({ records, window: 8 });
/** Of the TCP feed, newest last. */
const dialled: Deno.TcpConn[] = [];
const dialling = dial();
const said: string[] = [];
const talking = setInterval(talk, 100);
const garbling = setInterval(garble, 10_000);
const happened = new Map<string, number>();
const troubled = makeTroubles();
const resident: { readonly atMs: number; readonly mb: number }[] = [];
console.log("seconds  resident MB  records on the serial ports  posts  tcp  websocket");
while (performance.now() - begunMs < minutes * 60_000) {
  await pause(printMs);
  const atMs = performance.now() - begunMs;
  resident.push({ atMs, mb: residentMb() });
  const columns = [
    (atMs / 1000).toFixed(0).padStart(7),
    residentMb().toFixed(1).padStart(11),
    String(fed.feeds.reduce((sum, { sent }) => sum + sent.length, 0)).padStart(27),
    String(posts.reduce((sum, { answered }) => sum + answered, 0)).padStart(5),
    String(keeper.acknowledged).padStart(5),
    String(said.length).padStart(9),
  ];
  console.log(columns.join("  "));
}
for (const timer of [talking, garbling]) clearInterval(timer);
over.abort();
await troubled;
breakTcp();
await dialling;
for (const each of posts) await each.stop();
await fed.assertAllIsWell({ timeoutMs: 180_000 });
assertArrived(await readStream(fed.server.url, "cdr"));
tellMemory();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function residentMb(): number {
  const status = readFileSync(`/proc/${fed.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

async function dial(): Promise<void> {
  while (!over.signal.aborted) {
    try {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: tcpPort });
      dialled.push(conn);
      await keeper.use(conn);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await pause(50);
  }
}

function breakTcp(): void {
  try {
    dialled.pop()?.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function talk(): void {
  const client = talkers.clients.findLast(({ closeCode }) => closeCode === null);
  if (client === undefined) return;
  const text = `word ${said.length} 555-0142`;
  said.push(text);
  client.send(text);
}

async function garble(): Promise<void> {
  const bytes = Uint8Array.from({ length: garbageBytes }, () => random.integer(0, 255));
  await garbler.write(bytes);
}

async function makeTroubles(): Promise<void> {
  while (!over.signal.aborted) {
    await pause(troubleMs);
    await makeTrouble();
  }
}

async function makeTrouble(): Promise<void> {
  const kinds = ["kill the server", "freeze the server", "break feeds", "reload"] as const;
  const kind = random.pick(kinds);
  happened.set(kind, (happened.get(kind) ?? 0) + 1);
  if (kind === "kill the server") {
    await fed.server.kill();
    await pause(random.integer(0, 10_000));
    await fed.server.restart();
  } else if (kind === "freeze the server") {
    await fed.server.pause();
    await pause(random.integer(1000, 20_000));
    fed.server.resume();
  } else if (kind === "break feeds") {
    breakTcp();
    const { port } = talkers;
    await talkers[Symbol.asyncDispose]();
    talkers = new WebSocketFeed({ port });
  } else reload();
}

/** Another idle time for the TCP feed: its channel alone is opened anew. */
function reload(): void {
  const path = fed.site.folder.join("config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  const port = config.ports.find(({ type }: { type: string }) => type === "tcp");
  port.idle_flush_ms = random.integer(1000, 9000);
  writeFileSync(path, JSON.stringify(config));
  Deno.kill(fed.pid, "SIGHUP");
}

function assertArrived(stored: readonly StoredMessage[]): void {
  const texts = (side: string): string[] =>
    stored.filter(({ headers }) => headers["Nectar-Channel"]?.endsWith(`-${side}`))
      .filter(({ headers }) => headers["Nectar-Mark"] === undefined)
      .map(({ payload }) => latin1(payload).replace(/^(\[[^\]]*\]){3} /, "").slice(0, -1));
  for (const [i, side] of [sides.cdr, sides.ali].entries()) {
    const { answered = 0, wrong = [] } = posts[i] ?? {};
    assert.deepEqual(wrong, [], "every post was answered with 200");
    assert.equal(texts(side).length, answered, "posts that were answered with 200");
  }
  const kept = texts(sides.tcp);
  assert.deepEqual(
    [...new Set(kept)].slice(0, keeper.acknowledged),
    records.slice(0, keeper.acknowledged),
    "the TCP feed is complete, and in order",
  );
  const words = texts(sides.webSocket);
  assert.equal(new Set(words).size, words.length, "no message twice");
  let next = 0;
  for (const word of words) {
    const at = said.indexOf(word, next);
    assert.ok(at >= next, `${word}: in order`);
    next = at + 1;
  }
  console.log([...happened].map(([kind, times]) => `${kind}: ${times} times`).join(", "));
  console.log(
    `posts ${posts.map(({ answered }) => answered).join(" and ")}, all there; ` +
      `TCP ${keeper.acknowledged} acknowledged, all there, ${kept.length - new Set(kept).size} ` +
      `twice after a break; WebSocket ${words.length} of ${said.length}; ` +
      `garbage ${texts(sides.garbage).length} records`,
  );
}

function tellMemory(): void {
  const settled = resident.filter(({ atMs }) => atMs >= settledMs).map(({ mb }) => mb);
  const [first = 0] = settled;
  const grownMb = Math.max(first, ...settled) - first;
  console.log(`resident memory grew by ${grownMb.toFixed(1)} MB at most after ten minutes`);
  if (grownMb <= allowedMb) return;
  console.error(`that is more than ${allowedMb} MB`);
  Deno.exit(1);
}
