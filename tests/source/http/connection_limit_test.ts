import assert from "node:assert/strict";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import type { Notice } from "../../../src/platform/notice.ts";
import { OwnSockets } from "../../../src/platform/own_sockets.ts";
import { HttpListeners } from "../../../src/source/http/http_listeners.ts";
import { freePort } from "../../support/free_port.ts";
import { post, RawSender } from "../../support/raw_http.ts";
import { waitFor } from "../../support/wait_for.ts";

const most = 8;

/** A port whose posts are answered with their length. */
class Bench implements AsyncDisposable {
  readonly port = freePort();
  readonly notices: Notice[] = [];
  readonly #libc = new Libc();
  readonly #sockets = new OwnSockets(this.#libc);
  readonly #leave: () => Promise<void>;
  readonly #opened = Promise.withResolvers<void>();

  private constructor() {
    const listeners = new HttpListeners({
      libc: this.#libc,
      clock: systemClock,
      report: (notice) => this.notices.push(notice),
      mostConnections: most,
    });
    this.#leave = listeners.add({ host: null, port: this.port }, {
      path: "/cdr",
      answer: async (request) => Response.json((await request.text()).length),
      opened: () => this.#opened.resolve(),
      closed: () => {},
      unavailable: ({ message }) => this.#opened.reject(new Error(message)),
    });
  }

  static async open(): Promise<Bench> {
    const bench = new Bench();
    await bench.#opened.promise;
    return bench;
  }

  /** Connections that the process has open there, as a server. */
  get open(): number {
    return this.#sockets.connectionsOn(this.port).length;
  }

  /** Resolves when the connections have been looked at so many times. */
  looks(count: number): Promise<void> {
    return systemClock.delay(count * 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
    this.#sockets[Symbol.dispose]();
    this.#libc[Symbol.dispose]();
  }
}

Deno.test("ConnectionLimit: whoever opens too many loses the oldest quiet ones; others, and posts under way, go on", async () => {
  await using bench = await Bench.open();
  using good = await RawSender.connect(bench.port, "::1");
  await good.send(post("/cdr", "one"));
  assert.equal((await good.answer()).status, 200);
  using slow = await RawSender.connect(bench.port);
  await slow.send("POST /cdr HTTP/1.1\r\nHost: box\r\nContent-Length: 8\r\n\r\nhalf");
  await bench.looks(2);
  await using flood = new AsyncDisposableStack();
  const quiet: RawSender[] = [];
  for (let count = 0; count < 3 * most; count++) {
    quiet.push(flood.use(await RawSender.connect(bench.port)));
  }
  const isClosed = await Promise.all(quiet.map((sender) => sender.closes(2000)));
  assert.equal(isClosed.filter(Boolean).length, 3 * most + 2 - most, `${isClosed}`);
  await good.send(post("/cdr", "two"));
  assert.equal((await good.answer()).status, 200);
  await slow.send("done");
  assert.equal((await slow.answer()).status, 200);
  const told = bench.notices.filter(({ kind }) => kind === "connections_limited");
  assert.equal(told.length, 1);
  assert.match(
    told[0]?.message ?? "",
    /^port \d+: \d+ connections, more than 8: \d+ .* of 127\.0\.0\.1$/,
  );
});

Deno.test("ConnectionLimit: of one sender's connections those stay that were used last", async () => {
  await using bench = await Bench.open();
  await using senders = new AsyncDisposableStack();
  const all: RawSender[] = [];
  const connect = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) all.push(senders.use(await RawSender.connect(bench.port)));
  };
  await connect(most);
  await bench.looks(2);
  const used = all.slice(most / 2);
  for (const sender of used) {
    await sender.send(post("/cdr", "used"));
    assert.equal((await sender.answer()).status, 200);
  }
  await connect(most / 2);
  await waitFor("the others to be closed", () => bench.open === most);
  const isClosed = await Promise.all(all.map((sender) => sender.closes(500)));
  const expected = all.map((_, i) => i < most / 2);
  assert.deepEqual(isClosed, expected);
});

Deno.test("ConnectionLimit: what comes back within bounds is left alone", async () => {
  await using bench = await Bench.open();
  await using senders = new AsyncDisposableStack();
  const all: RawSender[] = [];
  for (let count = 0; count < most; count++) {
    all.push(senders.use(await RawSender.connect(bench.port)));
  }
  const isClosed = await Promise.all(all.map((sender) => sender.closes(1500)));
  assert.ok(!isClosed.includes(true));
  assert.deepEqual(bench.notices, []);
});
