import assert from "node:assert/strict";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import { TcpDialer } from "../../../src/source/tcp/tcp_dialer.ts";
import { SocketCare } from "../../../src/source/tcp/socket_care.ts";
import { TcpSource, type TcpSourceOptions } from "../../../src/source/tcp/tcp_source.ts";
import { RecordingHandler } from "../../support/recording_handler.ts";
import { freePort } from "../../support/free_port.ts";
import { openDescriptors } from "../../support/open_descriptors.ts";
import { FeedServer } from "../../support/tcp_feed.ts";
import { waitFor, waitForValue } from "../../support/wait_for.ts";

const care = new SocketCare({ libc: new Libc() });
const backoff = { initialMs: 20, maxMs: 100, exponential: true };

interface Reading extends AsyncDisposable {
  readonly source: TcpSource;
  readonly handler: RecordingHandler;
}

/** Reads from a server that is connected to. */
function readFrom(
  port: number,
  options: Partial<TcpSourceOptions> & { readonly host?: string; readonly timeoutMs?: number } = {},
): Reading {
  const { host = "127.0.0.1", timeoutMs = 10_000, ...more } = options;
  const connector = new TcpDialer({
    host,
    port,
    timeoutMs,
    care,
    clock: systemClock,
  });
  const source = new TcpSource({ connector, backoff, clock: systemClock, ...more });
  const handler = new RecordingHandler();
  handler.decode = (read) => source.decode(read);
  source.start(handler);
  return { source, handler, [Symbol.asyncDispose]: () => source.stop() };
}

async function untilReceived({ handler }: Reading, text: string): Promise<void> {
  const seen = (): string => handler.received.toString("latin1");
  await waitForValue(`"${text.slice(-40)}"`, seen, (found) => found.length >= text.length);
  assert.equal(seen(), text);
}

Deno.test("TcpSource connects, and reads what comes", async () => {
  using server = new FeedServer();
  await using reading = readFrom(server.port);
  const peer = await server.peer();
  await peer.send("one\r\n");
  await peer.send("two\r\n");
  await untilReceived(reading, "one\r\ntwo\r\n");
  assert.deepEqual(reading.handler.events, [`opened connected to 127.0.0.1:${server.port}`]);
  assert.equal(reading.source.name, `127.0.0.1:${server.port}`);
});

Deno.test("TcpSource connects again when the other side closes, as often as that happens", async () => {
  using server = new FeedServer();
  await using reading = readFrom(server.port);
  for (let number = 1; number <= 3; number++) {
    using peer = await server.peer(number);
    await peer.send(`${number}\n`);
    await peer.sendEnd();
    await peer.untilOver();
  }
  await untilReceived(reading, "1\n2\n3\n");
  await waitFor("three ends", () => reading.handler.count("closed") === 3);
  assert.deepEqual(
    new Set(reading.handler.endings),
    new Set(["the other side closed the connection"]),
  );
});

Deno.test("TcpSource: what comes over another connection begins anew, what the last run left does not", async () => {
  using server = new FeedServer();
  const begins: boolean[] = [];
  await using reading = readFrom(server.port);
  const { source, handler } = reading;
  assert.equal(
    source.decode({ bytes: new Uint8Array(1), timeMs: 0, setting: 0 })[0]?.begins,
    false,
  );
  handler.decode = (read) => {
    const runs = source.decode(read);
    begins.push(...runs.map((run) => run.begins === true));
    return runs;
  };
  for (const number of [1, 2]) {
    using peer = await server.peer(number);
    await peer.send("a");
    await waitFor("it", () => begins.length === 2 * number - 1);
    await peer.send("b");
    await waitFor("the rest", () => begins.length === 2 * number);
  }
  assert.deepEqual(begins, [true, false, true, false]);
});

Deno.test("TcpSource: a server that is not there is told once and tried until it is", async () => {
  const port = freePort();
  await using reading = readFrom(port);
  const { handler } = reading;
  await waitFor("the problem", () => handler.problems.length === 1);
  assert.equal(handler.problems[0]?.kind, "unreachable");
  assert.match(handler.problems[0]?.message ?? "", /^connect to 127.0.0.1:\d+: connection refused/);
  await new Promise((resolve) => setTimeout(resolve, 150));
  using server = new FeedServer({ port });
  await (await server.peer()).send("here\n");
  await untilReceived(reading, "here\n");
  assert.equal(handler.problems.length, 1);
});

Deno.test("TcpSource: a name that is not known is told, and tried again", async () => {
  await using reading = readFrom(4001, { host: "pbx.invalid" });
  const { handler } = reading;
  await waitFor("the problem", () => handler.problems.length === 1);
  assert.deepEqual(handler.problems.map(({ kind, message }) => `${kind}: ${message}`), [
    "unreachable: connect to pbx.invalid:4001: the name is not known",
  ]);
});

Deno.test("TcpSource: a server that does not answer is given up in time, and leaves nothing open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const clients = await crowd(port);
  try {
    const before = openDescriptors();
    const reading = readFrom(port, { timeoutMs: 100 });
    await waitFor("the problem", () => reading.handler.problems.length === 1);
    assert.match(reading.handler.problems[0]?.message ?? "", /no answer for 0.1 s$/);
    await reading.source.stop();
    await waitForValue("every descriptor to be closed", openDescriptors, (now) => now <= before);
  } finally {
    for (const client of clients) client.close();
    listener.close();
  }
});

Deno.test("TcpSource: who is refused reads no more; the sender is held up and loses nothing", async () => {
  using server = new FeedServer();
  await using reading = readFrom(server.port);
  const { handler, source } = reading;
  const peer = await server.peer();
  await peer.send("before\n");
  await untilReceived(reading, "before\n");
  handler.hasRoom = false;
  const more = new Uint8Array(16 * 2 ** 20).map((_, at) => 0x20 + at % 64);
  let isSent = false;
  const sending = peer.send(more).then(() => isSent = true);
  await waitFor("a refusal", () => handler.turnedAway > 0);
  assert.ok(source.hasBytes, "it is not quiet");
  const seen = handler.turnedAway;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(handler.turnedAway, seen, "it does not ask until it is called");
  assert.equal(isSent, false, "the sender is held up");
  handler.hasRoom = true;
  handler.accepts = false;
  source.resume();
  await waitFor("a part that could not be written", () => handler.reads > 1);
  const reads = handler.reads;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(handler.reads, reads, "it waits again");
  handler.accepts = true;
  source.resume();
  await sending;
  await waitFor("all of it", () => handler.received.length === 7 + more.length);
  assert.ok(handler.received.subarray(7).equals(more));
});

Deno.test("TcpSource: stopping takes what was sent already, and closes every descriptor", async () => {
  using server = new FeedServer();
  const before = openDescriptors();
  const reading = readFrom(server.port);
  const peer = await server.peer();
  await waitFor("the opening", () => reading.handler.count("opened") === 1);
  await peer.send("last words\n");
  await reading.source.stop();
  assert.equal(reading.handler.received.toString(), "last words\n");
  assert.equal(reading.handler.count("closed"), 0, "a stop is no loss");
  await peer.untilOver();
  peer[Symbol.dispose]();
  await waitForValue("every descriptor to be closed", openDescriptors, (now) => now <= before);
});

Deno.test("TcpSource: stopping does not wait for a sender that never pauses, nor for a refusal", async () => {
  using server = new FeedServer();
  const reading = readFrom(server.port);
  const peer = await server.peer();
  const flood = (async () => {
    for (;;) await peer.send("x".repeat(4000));
  })().catch(() => {});
  await waitFor("bytes", () => reading.handler.reads > 0);
  reading.handler.hasRoom = false;
  await waitFor("a refusal", () => reading.handler.turnedAway > 0);
  await reading.source.stop();
  peer[Symbol.dispose]();
  await flood;
});

Deno.test("TcpSource: a connection that is silent for idle_reconnect_sec is made anew", async () => {
  using server = new FeedServer();
  await using reading = readFrom(server.port, { idleReconnectMs: 50 });
  await (await server.peer()).untilOver();
  await server.peer(2);
  assert.match(reading.handler.endings[0] ?? "", /^nothing came for /);
});

/** Connections until a listener that accepts none has no place for another. */
async function crowd(port: number): Promise<Deno.Conn[]> {
  const clients: Deno.Conn[] = [];
  for (;;) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), 800);
    try {
      clients.push(
        await Deno.connect({ hostname: "127.0.0.1", port, signal: late.signal }),
      );
    } catch {
      return clients;
    } finally {
      clearTimeout(timer);
    }
  }
}

Deno.test("TcpSource gives the others time when its bytes are costly, and loses none", async () => {
  using server = new FeedServer();
  let heldMs = 0;
  const rests: number[] = [];
  const clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + heldMs,
    delay(ms: number, signal?: AbortSignal): Promise<void> {
      rests.push(ms);
      heldMs += ms;
      return systemClock.delay(0, signal);
    },
  };
  await using reading = readFrom(server.port, { clock });
  const { handler } = reading;
  const take = handler.bytes.bind(handler);
  let pieces = 0;
  handler.bytes = (chunk, timeMs) => {
    pieces += 1;
    heldMs += 1000;
    return take(chunk, timeMs);
  };
  const peer = await server.peer();
  const text = "costly\r\n".repeat(10_000);
  await peer.send(text);
  await untilReceived(reading, text);
  const longest = Math.max(...rests);
  assert.ok(pieces > 1 && longest > 4000, `${pieces} pieces, rests of ${rests}`);
});
