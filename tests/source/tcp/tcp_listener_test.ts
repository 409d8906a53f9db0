import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import type { Notice } from "../../../src/platform/notice.ts";
import { TcpListener } from "../../../src/source/tcp/tcp_listener.ts";
import { SocketCare } from "../../../src/source/tcp/socket_care.ts";
import { TcpSource } from "../../../src/source/tcp/tcp_source.ts";
import { freePort } from "../../support/free_port.ts";
import { openDescriptors } from "../../support/open_descriptors.ts";
import { RecordingHandler } from "../../support/recording_handler.ts";
import { dialIn } from "../../support/tcp_feed.ts";
import { waitFor, waitForValue } from "../../support/wait_for.ts";

const care = new SocketCare({ libc: new Libc() });
class Listening implements AsyncDisposable {
  readonly port = freePort();
  readonly notices: Notice[] = [];
  readonly handler = new RecordingHandler();
  readonly source: TcpSource;

  constructor(port?: number) {
    this.port = port ?? this.port;
    this.source = new TcpSource({
      connector: new TcpListener({
        host: "127.0.0.1",
        port: this.port,
        care,
        clock: systemClock,
        report: (notice) => this.notices.push(notice),
      }),
      backoff: { initialMs: 20, maxMs: 100, exponential: true },
      clock: systemClock,
    });
    this.handler.decode = (read) => this.source.decode(read);
    this.source.start(this.handler);
  }

  async untilReceived(text: string): Promise<void> {
    const seen = (): string => this.handler.received.toString("latin1");
    await waitForValue(`"${text}"`, seen, (found) => found.length >= text.length);
    assert.equal(seen(), text);
  }

  async untilOpened(count: number): Promise<void> {
    await waitFor(`opening ${count}`, () => this.handler.count("opened") === count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.stop();
  }
}

async function listening(port?: number): Promise<Listening> {
  const made = new Listening(port);
  await waitFor("somebody to listen", async () => {
    (await Deno.connect({ hostname: "127.0.0.1", port: made.port })).close();
    return true;
  });
  await waitFor("the first to be forgotten", () => made.handler.count("closed") === 1);
  made.handler.events.length = 0;
  return made;
}

Deno.test("TcpListener: who connects is read, and the next one when that is over", async () => {
  await using feed = await listening();
  for (const number of [1, 2, 3]) {
    using sender = await dialIn(feed.port);
    await sender.send(`${number}\n`);
    await feed.untilOpened(number);
    await waitFor("it", () => feed.handler.received.length === number * 2);
  }
  await feed.untilReceived("1\n2\n3\n");
  assert.match(feed.handler.events[0] ?? "", /^opened from 127.0.0.1:\d+$/);
});

Deno.test("TcpListener: who connects and says nothing does not disturb the one that sends", async () => {
  await using feed = await listening();
  using sender = await dialIn(feed.port);
  await sender.send("before\n");
  await feed.untilReceived("before\n");
  const scanners = await Promise.all(Array.from({ length: 20 }, () => dialIn(feed.port)));
  await waitFor(
    "most of them to be sent away",
    () => scanners.filter(({ isOver }) => isOver).length >= 12,
  );
  for (const scanner of scanners) scanner[Symbol.dispose]();
  await sender.send("after\n");
  await feed.untilReceived("before\nafter\n");
  assert.deepEqual(feed.notices, []);
  assert.equal(feed.handler.count("opened"), 1);
});

Deno.test("TcpListener: a newer connection that sends takes over; what the older one had sent comes first", async () => {
  await using feed = await listening();
  using former = await dialIn(feed.port);
  await former.send("one\ntw");
  await feed.untilOpened(1);
  using next = await dialIn(feed.port);
  await former.send("o\n");
  await next.send("three\n");
  await former.untilOver();
  await next.send("four\n");
  await feed.untilReceived("one\ntwo\nthree\nfour\n");
  assert.equal(next.isOver, false);
  assert.deepEqual(feed.handler.events.map((event) => event.split(" ")[0]), [
    "opened",
    "closed",
    "opened",
  ]);
  assert.deepEqual(feed.notices.map(({ kind }) => kind), ["sender_replaced"]);
  assert.equal(feed.handler.endings.at(-1), "another connection has begun to send");
});

Deno.test("TcpListener: a connection that takes over while reading waits is read when that is over", async () => {
  await using feed = await listening();
  using former = await dialIn(feed.port);
  await former.send("one\n");
  await feed.untilReceived("one\n");
  feed.handler.hasRoom = false;
  const more = `two ${"x".repeat(100_000)}\n`;
  await former.send(more);
  await waitFor("a refusal", () => feed.handler.turnedAway > 0);
  using next = await dialIn(feed.port);
  await next.send("three\n");
  await waitFor("the newer one to be preferred", () => feed.notices.length === 1);
  feed.handler.hasRoom = true;
  feed.source.resume();
  await feed.untilReceived(`one\n${more}three\n`);
});

Deno.test("TcpListener: when the one that sent is gone, another that waits is read, the one with bytes first", async () => {
  await using feed = await listening();
  const former = await dialIn(feed.port);
  await former.send("one\n");
  await feed.untilReceived("one\n");
  using silent = await dialIn(feed.port);
  former[Symbol.dispose]();
  await feed.untilOpened(2);
  await silent.send("two\n");
  await feed.untilReceived("one\ntwo\n");
});

Deno.test("TcpListener: a port that is in use is told, and listened on when it is free", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using feed = new Listening(port);
  await waitFor("the problem", () => feed.handler.problems.length === 1);
  assert.equal(feed.handler.problems[0]?.kind, "busy");
  assert.equal(
    feed.handler.problems[0]?.message,
    `listen on 127.0.0.1:${port}: another program listens there`,
  );
  taken.close();
  const sender = await waitForValue("somebody to listen", () => dialIn(port), () => true);
  await sender.send("here\n");
  await feed.untilReceived("here\n");
  sender[Symbol.dispose]();
});

Deno.test("TcpListener: whoever listens next has the port at once", async () => {
  const { port } = await listening().then(async (feed) => {
    await feed.source.stop();
    return feed;
  });
  for (let i = 0; i < 5; i++) {
    const feed = new Listening(port);
    const sender = await waitForValue("somebody to listen", () => dialIn(port), () => true);
    await feed.source.stop();
    sender[Symbol.dispose]();
    assert.deepEqual(feed.handler.problems, []);
  }
});

Deno.test("TcpListener: stopping closes whoever is connected, and every descriptor", async () => {
  const before = openDescriptors();
  const feed = await listening();
  const [sender, waiting] = [await dialIn(feed.port), await dialIn(feed.port)];
  await sender.send("one\n");
  await feed.untilReceived("one\n");
  await feed.source.stop();
  await Promise.all([sender.untilOver(), waiting.untilOver()]);
  sender[Symbol.dispose]();
  waiting[Symbol.dispose]();
  await waitForValue("every descriptor to be closed", openDescriptors, (now) => now <= before);
  assert.equal(Buffer.from(feed.handler.received).toString(), "one\n");
});
