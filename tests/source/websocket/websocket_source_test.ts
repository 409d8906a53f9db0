import assert from "node:assert/strict";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import { SocketCare } from "../../../src/source/tcp/socket_care.ts";
import { WebSocketDialer } from "../../../src/source/websocket/websocket_dialer.ts";
import {
  WebSocketSource,
  type WebSocketSourceOptions,
} from "../../../src/source/websocket/websocket_source.ts";
import { freePort } from "../../support/free_port.ts";
import { openDescriptors } from "../../support/open_descriptors.ts";
import { RecordingRecords } from "../../support/recording_records.ts";
import { FeedServer } from "../../support/tcp_feed.ts";
import { waitFor, waitForValue } from "../../support/wait_for.ts";
import { WebSocketFeed } from "../../support/websocket_feed.ts";

const care = new SocketCare({ libc: new Libc() });

interface Reading extends AsyncDisposable {
  readonly source: WebSocketSource;
  readonly handler: RecordingRecords;
}

function readFrom(
  url: string,
  options: Partial<WebSocketSourceOptions> & {
    readonly headers?: Record<string, string>;
    readonly timeoutMs?: number;
  } = {},
): Reading {
  const { headers = {}, timeoutMs = 10_000, ...more } = options;
  const source = new WebSocketSource({
    connector: new WebSocketDialer({
      url: new URL(url),
      headers: () => Promise.resolve(headers),
      care,
      clock: systemClock,
      timeoutMs,
    }),
    messages: [],
    backoff: { initialMs: 20, maxMs: 100, exponential: true },
    clock: systemClock,
    ...more,
  });
  const handler = new RecordingRecords();
  source.start(handler);
  return { source, handler, [Symbol.asyncDispose]: () => source.stop() };
}

async function untilTaken({ handler }: Reading, texts: readonly string[]): Promise<void> {
  await waitFor(`${texts.length} records`, () => handler.records.length >= texts.length);
  assert.deepEqual(handler.texts, texts);
}

Deno.test("WebSocketSource: each message is a record, text or binary, whole", async () => {
  await using feed = new WebSocketFeed();
  await using reading = readFrom(feed.url);
  const client = await feed.client();
  assert.equal(client.path, "/feed");
  const long = "x".repeat(300_000);
  client.send("one\nwith two lines\n");
  client.send(new TextEncoder().encode("two"));
  client.send("");
  client.send(long);
  client.send("a ", { fin: false });
  client.send("message in parts", { fin: true });
  await untilTaken(reading, ["one\nwith two lines\n", "two", "", long, "a message in parts"]);
  assert.deepEqual(reading.handler.events, [`opened connected to 127.0.0.1:${feed.port}`]);
});

Deno.test("WebSocketSource: a text that is no text is kept as it came", async () => {
  await using feed = new WebSocketFeed();
  await using reading = readFrom(feed.url);
  const bytes = Uint8Array.of(0xff, 0xfe, 0x00, 0x80);
  (await feed.client()).send(bytes, { binary: false });
  await waitFor("it", () => reading.handler.records.length === 1);
  assert.deepEqual(reading.handler.records.map((record) => [...record]), [[...bytes]]);
});

Deno.test("WebSocketSource: what is to be sent is sent after connecting, each time, with headers", async () => {
  await using feed = new WebSocketFeed();
  const messages = ['{"login":"box"}', '{"subscribe":"calls"}'];
  await using _reading = readFrom(feed.url, { messages, headers: { "X-Box": "A1" } });
  for (const number of [1, 2]) {
    const client = await feed.client(number);
    await waitFor("both", () => client.received.length === 2);
    assert.deepEqual(client.received, messages);
    assert.equal(client.headers.get("x-box"), "A1");
    client.terminate();
  }
});

Deno.test("WebSocketSource: a server that restarts is connected to again, and nothing comes twice", async () => {
  const port = freePort();
  let feed = new WebSocketFeed({ port });
  await using reading = readFrom(feed.url);
  (await feed.client()).send("one");
  await untilTaken(reading, ["one"]);
  await feed[Symbol.asyncDispose]();
  await waitFor("a refusal", () => reading.handler.count("unreachable") === 1);
  feed = new WebSocketFeed({ port });
  (await feed.client()).send("two");
  await untilTaken(reading, ["one", "two"]);
  const names = reading.handler.events.map((event) => event.split(" ")[0]);
  assert.deepEqual(names, ["opened", "closed", "unreachable", "opened"]);
  const client = await feed.client();
  client.close(1001, "maintenance");
  await waitFor("its words", () => reading.handler.count("closed") === 2);
  assert.ok(reading.handler.events.includes("closed the other side closed: 1001 maintenance"));
  await feed[Symbol.asyncDispose]();
});

Deno.test("WebSocketSource: a server that answers no ping is given up in time, one that does is kept", async () => {
  await using live = new WebSocketFeed();
  await using dead = new WebSocketFeed({ answersPings: false });
  await using kept = readFrom(live.url, { pingMs: 40, answerMs: 5000 });
  await using given = readFrom(dead.url, { pingMs: 40, answerMs: 500 });
  const startedMs = performance.now();
  await dead.client(2);
  assert.ok(performance.now() - startedMs >= 500, "not before the time for an answer is over");
  assert.equal(given.handler.events[1], "closed no answer to a ping for 0.5 s");
  const client = await live.client();
  await waitFor("a ping", () => client.pings >= 1);
  assert.equal(kept.handler.events.length, 1);
});

Deno.test("WebSocketSource: pings of the server are answered", async () => {
  await using feed = new WebSocketFeed();
  await using _reading = readFrom(feed.url);
  const client = await feed.client();
  client.ping();
  await waitFor("the answer", () => client.pongs === 1);
});

Deno.test("WebSocketSource: a feed that has stalled is told once and connected anew until something comes", async () => {
  await using feed = new WebSocketFeed();
  await using reading = readFrom(feed.url, { stallMs: 250 });
  (await feed.client()).send("one");
  await feed.client(3);
  assert.equal(reading.handler.count("stalled"), 1);
  assert.equal(reading.handler.count("opened"), 1, "it is not well because it is connected");
  assert.equal(reading.handler.count("closed"), 1);
  await waitForValue("a message to get through", () => {
    feed.clients.at(-1)?.send("two");
    return reading.handler.count("opened");
  }, (count) => count === 2);
  assert.equal(reading.handler.texts[1], "two");
});

Deno.test("WebSocketSource: every message counts from when on nothing has come", async () => {
  await using feed = new WebSocketFeed();
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  await using reading = readFrom(feed.url, { stallMs: 10, clock });
  const client = await feed.client();
  for (let count = 1; count <= 3; count++) {
    nowMs += 9;
    client.send("x");
    await waitFor("it", () => reading.handler.records.length === count);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(reading.handler.count("stalled"), 0);
  }
  nowMs += 10;
  await waitFor("the stall", () => reading.handler.count("stalled") === 1);
});

Deno.test("WebSocketSource: who is refused is read no more; messages come in order and once", async () => {
  await using feed = new WebSocketFeed();
  await using reading = readFrom(feed.url);
  const { handler } = reading;
  const client = await feed.client();
  client.send("0");
  await untilTaken(reading, ["0"]);
  handler.accepts = false;
  const texts = Array.from({ length: 500 }, (_, i) => `${i} ${"x".repeat(i * 10)}`);
  for (const text of texts) client.send(text);
  await waitFor("the first to be tried again", () => handler.refused >= 2);
  assert.equal(handler.records.length, 1);
  handler.accepts = true;
  await untilTaken(reading, ["0", ...texts]);
});

Deno.test("WebSocketSource: a server that refuses, or is none, is told with what to do", async () => {
  const refuse = (status: number, headers: Record<string, string> = {}): Response =>
    new Response("no", { status, headers });
  const answers: Record<string, Response> = {
    "/401": refuse(401),
    "/404": refuse(404),
    "/301": refuse(301, { location: "wss://elsewhere.example/" }),
    "/503": refuse(503),
  };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answers[new URL(request.url).pathname]?.clone() ?? refuse(500),
  );
  using serial = new FeedServer({}, "SMDR 1.0\r\n");
  const web = `ws://127.0.0.1:${server.addr.port}`;
  const cases: readonly (readonly [string, RegExp, RegExp])[] = [
    [`${web}/401`, /: it answers 401 Unauthorized$/, /password_file/],
    [`${web}/404`, /: it answers 404 Not Found$/, /path/],
    [`${web}/301`, /: it answers 301 .*, at wss:\/\/elsewhere.example\/$/, /as url/],
    [`${web}/503`, /: it answers 503 /, /look at the server/],
    [`ws://127.0.0.1:${serial.port}/`, /: it does not speak HTTP$/, /WebSocket server/],
  ];
  for (const [url, message, hint] of cases) {
    await using reading = readFrom(url);
    await waitFor(`a problem of ${url}`, () => reading.handler.problems.length > 0);
    const [problem] = reading.handler.problems;
    assert.equal(problem?.kind, "refused");
    assert.match(problem?.message ?? "", message);
    assert.match(problem?.hint ?? "", hint);
  }
});

Deno.test("WebSocketSource: a server that takes the connection and says nothing is given up in time", async () => {
  using silent = new FeedServer();
  await using reading = readFrom(`ws://127.0.0.1:${silent.port}/`, { timeoutMs: 100 });
  await waitFor("the problem", () => reading.handler.problems.length === 1);
  assert.match(reading.handler.problems[0]?.message ?? "", /no answer for 0.1 s$/);
  await (await silent.peer(2)).untilOver();
});

Deno.test("WebSocketSource: stopping takes what was sent, says good-bye, and closes every descriptor", async () => {
  await using feed = new WebSocketFeed();
  const before = openDescriptors();
  const reading = readFrom(feed.url);
  const client = await feed.client();
  await waitFor("the opening", () => reading.handler.count("opened") === 1);
  client.send("last words");
  await waitFor("them", () => reading.handler.records.length === 1);
  await reading.source.stop();
  assert.deepEqual(reading.handler.texts, ["last words"]);
  assert.equal(reading.handler.count("closed"), 0, "a stop is no loss");
  await waitFor("the good-bye", () => client.closeCode === 1001);
  await waitForValue("every descriptor to be closed", openDescriptors, (now) => now <= before);
});
