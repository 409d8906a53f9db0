import assert from "node:assert/strict";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import type { Notice } from "../../../src/platform/notice.ts";
import { HttpAccess } from "../../../src/source/http/http_access.ts";
import { HttpListeners } from "../../../src/source/http/http_listeners.ts";
import { HttpLoad } from "../../../src/source/http/http_load.ts";
import { HttpSource, maxBodyBytes } from "../../../src/source/http/http_source.ts";
import { RecentPosts } from "../../../src/source/http/recent_posts.ts";
import { RecordRefused } from "../../../src/source/record_source.ts";
import type { SourceProblem } from "../../../src/source/source.ts";
import { Random } from "../../../src/simulate/random.ts";
import { freePort } from "../../support/free_port.ts";
import { post, postHead, RawSender } from "../../support/raw_http.ts";
import { seeds } from "../../support/seeds.ts";
import { waitFor } from "../../support/wait_for.ts";

const libc = new Libc();
const times = { pauseMs: 10_000, totalMs: 10_000, safeMs: 10_000 };

interface BenchOptions {
  readonly listeners?: HttpListeners;
  readonly port?: number;
  readonly path?: string;
  readonly times?: typeof times;
  readonly access?: Partial<ConstructorParameters<typeof HttpAccess>[0]>;
  /** When a record is safe. @default {at once} */
  readonly safe?: () => Promise<void>;
}

/** An HTTP source whose channel is a list. */
class Bench implements AsyncDisposable {
  readonly port: number;
  readonly records: string[] = [];
  readonly problems: SourceProblem[] = [];
  readonly notices: Notice[] = [];
  readonly faults: unknown[] = [];
  readonly source: HttpSource;
  opened = 0;
  failed = 0;

  private constructor(options: BenchOptions) {
    const report = (notice: Notice): number => this.notices.push(notice);
    this.port = options.port ?? freePort();
    this.source = new HttpSource({
      channel: "1429010002-A1",
      listeners: options.listeners ?? new HttpListeners({ libc, clock: systemClock, report }),
      address: { host: null, port: this.port },
      path: options.path ?? "/cdr",
      access: new HttpAccess({ readText: () => "", ...options.access }),
      recent: new RecentPosts(),
      clock: systemClock,
      report,
      times: options.times ?? times,
    });
    this.source.start({
      opened: () => this.opened += 1,
      take: (bytes) => {
        this.records.push(new TextDecoder("latin1").decode(bytes));
        return options.safe?.() ?? Promise.resolve();
      },
      failed: () => this.failed += 1,
      closed: () => {},
      unavailable: (problem) => this.problems.push(problem),
      broke: (error) => this.faults.push(error),
    });
  }

  static async open(options: BenchOptions = {}): Promise<Bench> {
    const bench = new Bench(options);
    await waitFor("the source to be open", () => bench.opened > 0 || bench.problems.length > 0);
    return bench;
  }

  get bodies(): string[] {
    return this.records.map((record) => record.slice(record.indexOf("\n\n") + 2));
  }

  connect(): Promise<RawSender> {
    return RawSender.connect(this.port);
  }

  async post(
    body: BodyInit,
    headers: Record<string, string> = {},
  ): Promise<{ readonly status: number; readonly retry: string | null }> {
    const url = `http://127.0.0.1:${this.port}/cdr`;
    const answer = await fetch(url, { method: "POST", body, headers });
    const { error, hint } = await answer.json();
    if (answer.status !== 200) assert.ok(error !== "" && hint !== "");
    return { status: answer.status, retry: answer.headers.get("retry-after") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.stop();
  }
}

Deno.test("HttpSource: a post becomes a record: request line, headers, sender, blank line, body", async () => {
  await using bench = await Bench.open();
  using sender = await bench.connect();
  const headers = ["content-TYPE: text/xml", "X-Long-Name: a, b", "Authorization: Basic eDp5"];
  await sender.send(post("/cdr?site=7&x=%41", "<call>\n\xe9\n</call>\n", headers));
  const { status, body } = await sender.answer();
  assert.deepEqual([status, body], [200, '{"status":"ok"}']);
  const [record = ""] = bench.records;
  assert.match(record, /\nX-Remote-Addr: 127\.0\.0\.1:\d+\n\n/);
  assert.equal(
    record.replace(/127.*/, "…"),
    "POST /cdr?site=7&x=%41 HTTP/1.1\nContent-Length: 17\nContent-Type: text/xml\n" +
      "X-Long-Name: a, b\nX-Remote-Addr: …\n\n<call>\n\xc3\xa9\n</call>",
  );
});

Deno.test("HttpSource: a post is answered when its record is safe and not before", async () => {
  const safe = Promise.withResolvers<void>();
  await using bench = await Bench.open({ safe: () => safe.promise });
  let answer: number | null = null;
  bench.post("a call").then(({ status }) => answer = status);
  await waitFor("the record", () => bench.records.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(answer, null);
  safe.resolve();
  await waitFor("the answer", () => answer === 200);
});

Deno.test("HttpSource: connections are kept, and requests may come in chunks or wait to be asked for", async () => {
  await using bench = await Bench.open();
  using sender = await bench.connect();
  await sender.send(post("/cdr", "one"));
  assert.equal((await sender.answer()).status, 200);
  const chunked = "POST /cdr HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n";
  await sender.send(`${chunked}3\r\ntwo\r\n`);
  await sender.send("6\r\n + two\r\n0\r\n\r\n");
  assert.equal((await sender.answer()).status, 200);
  await sender.send(postHead("/cdr", 5, ["Expect: 100-continue"]));
  assert.equal((await sender.answer()).status, 100);
  await sender.send("three");
  assert.equal((await sender.answer()).status, 200);
  assert.deepEqual(bench.bodies, ["one", "two + two", "three"]);
});

Deno.test("HttpSource: what is no record is refused, with what to do instead", async () => {
  await using bench = await Bench.open();
  const url = `http://127.0.0.1:${bench.port}`;
  const asked = await fetch(`${url}/cdr`);
  assert.deepEqual([asked.status, asked.headers.get("allow")], [405, "POST"]);
  assert.deepEqual(await asked.json(), {
    error: "GET is not taken here",
    hint: "records are sent with POST",
  });
  const elsewhere = await fetch(`${url}/cdr/`, { method: "POST", body: "x" });
  assert.equal(elsewhere.status, 404);
  assert.match((await elsewhere.json()).hint, /post to \/cdr,/);
  assert.equal((await bench.post("")).status, 400);
  assert.deepEqual([bench.records, bench.failed], [[], 2]);
});

Deno.test("HttpSource: a body of more than 50 MB is refused, said or not, and not read into memory", async () => {
  await using bench = await Bench.open();
  using honest = await bench.connect();
  await honest.send(postHead("/cdr", maxBodyBytes + 1));
  assert.equal((await honest.answer()).status, 413);
  using sly = await bench.connect();
  const piece = new Uint8Array(1024 * 1024);
  await sly.send("POST /cdr HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n");
  const sending = (async () => {
    for (;;) {
      await sly.send(`${piece.length.toString(16)}\r\n`);
      await sly.send(piece);
      await sly.send("\r\n");
    }
  })().catch(() => {});
  assert.equal((await sly.answer()).status, 413);
  sly[Symbol.dispose]();
  await sending;
  assert.deepEqual(bench.records, []);
  assert.equal((await bench.post("a call")).status, 200);
});

Deno.test("HttpSource: a post that breaks off leaves nothing", async () => {
  await using bench = await Bench.open();
  for (
    const end of [
      postHead("/cdr", 10),
      "POST /cdr HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
    ]
  ) {
    const failed = bench.failed;
    using sender = await bench.connect();
    await sender.send(`${end}half`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    sender[Symbol.dispose]();
    await waitFor("the end to be noticed", () => bench.failed > failed);
  }
  assert.equal((await bench.post("whole")).status, 200);
  assert.deepEqual(bench.bodies, ["whole"]);
});

Deno.test("HttpSource: who sends too slowly is told so, pause by pause or in all", async () => {
  for (const more of [{ pauseMs: 100 }, { totalMs: 300 }]) {
    await using bench = await Bench.open({ times: { ...times, ...more } });
    using sender = await bench.connect();
    await sender.send(postHead("/cdr", 1000));
    const startMs = performance.now();
    const dribble = setInterval(() => sender.send(".").catch(() => {}), more.pauseMs ? 400 : 40);
    const { status, body } = await sender.answer();
    clearInterval(dribble);
    assert.equal(status, 408, body);
    assert.ok(performance.now() - startMs < times.pauseMs / 2);
    assert.deepEqual(bench.records, []);
  }
});

Deno.test("HttpSource: who sends slowly and goes on is waited for", async () => {
  await using bench = await Bench.open({ times: { ...times, pauseMs: 800 } });
  using sender = await bench.connect();
  await sender.send(postHead("/cdr", 8));
  for (let i = 0; i < 8; i++) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    await sender.send(".");
  }
  assert.equal((await sender.answer()).status, 200);
});

Deno.test("HttpSource: what disk and memory refuse is answered with 503 and a time to try again", async () => {
  await using bench = await Bench.open({
    safe: () => Promise.reject(new RecordRefused("no space", { isKept: false })),
  });
  assert.deepEqual(await bench.post("one", { "idempotency-key": "1" }), {
    status: 503,
    retry: "10",
  });
  await bench.post("one", { "idempotency-key": "1" });
  assert.equal(bench.records.length, 2);
});

Deno.test("HttpSource: an error that nobody expected is told to the channel, and answered", async () => {
  await using bench = await Bench.open({ safe: () => Promise.reject(new TypeError("planted")) });
  assert.equal((await bench.post("one")).status, 500);
  assert.deepEqual(bench.faults.map(String), ["TypeError: planted"]);
});

Deno.test("HttpSource: a record that is only in memory is answered with 503, and its resend is kept once", async () => {
  const safe = Promise.withResolvers<void>();
  await using bench = await Bench.open({
    safe: () => safe.promise,
    times: { ...times, safeMs: 50 },
  });
  assert.deepEqual(await bench.post("a call"), { status: 503, retry: "10" });
  assert.equal((await bench.post("a call")).status, 503);
  safe.resolve();
  assert.equal((await bench.post("a call")).status, 200);
  assert.equal(bench.records.length, 1);
  // It is known to have been told: the same once more is another.
  assert.equal((await bench.post("a call")).status, 200);
  assert.equal(bench.records.length, 2);
});

Deno.test("HttpSource: a post with the key of an earlier one is its resend, if it says the same", async () => {
  await using bench = await Bench.open();
  const key = { "idempotency-key": "7" };
  for (const body of ["one", "one", "two", "one"]) {
    assert.equal((await bench.post(body, key)).status, 200);
  }
  assert.equal((await bench.post("one", { "idempotency-key": "8" })).status, 200);
  assert.equal((await bench.post("one")).status, 200);
  assert.equal((await bench.post("one")).status, 200);
  assert.deepEqual(bench.bodies, ["one", "two", "one", "one", "one"]);
  assert.match(bench.records[0] ?? "", /\nIdempotency-Key: 7\n/);
});

Deno.test("HttpSource: too many posts at once are told to come again, and the others are kept", async () => {
  const safe = Promise.withResolvers<void>();
  await using bench = await Bench.open({ safe: () => safe.promise });
  const answers = Array.from({ length: 40 }, (_, i) => bench.post(`call ${i}`));
  await waitFor("the first", () => bench.records.length === 32 && bench.failed === 8);
  safe.resolve();
  const found = await Promise.all(answers);
  const refused = found.filter(({ status }) => status === 503);
  assert.deepEqual(refused, Array(8).fill({ status: 503, retry: "1" }));
  assert.equal(found.filter(({ status }) => status === 200).length, 32);
  assert.equal((await bench.post("later")).status, 200);
});

Deno.test("HttpSource: bodies share a bounded room in memory, and give it back", async () => {
  const load = new HttpLoad({ maxBytes: 100_000 });
  const listeners = new HttpListeners({ libc, clock: systemClock, report: () => {}, load });
  await using bench = await Bench.open({ listeners });
  using slow = await bench.connect();
  await slow.send(postHead("/cdr", 60_000));
  await slow.send("x".repeat(59_999));
  await waitFor("the room to be taken", () => load.usedBytes === 59_999);
  assert.deepEqual(await bench.post("x".repeat(50_000)), { status: 503, retry: "1" });
  assert.equal((await bench.post("x".repeat(40_000))).status, 200);
  await slow.send("x");
  assert.equal((await slow.answer()).status, 200);
  assert.equal((await bench.post("x".repeat(100_000))).status, 200);
  assert.equal(load.usedBytes, 0);
});

Deno.test("HttpSource: addresses that are not allowed and wrong passwords are refused and told", async () => {
  await using stranger = await Bench.open({
    access: { allowFrom: ["192.0.2.0/24", "2001:db8::1"] },
  });
  assert.equal((await stranger.post("x")).status, 403);
  const [notice] = stranger.notices.filter(({ kind }) => kind === "post_refused");
  assert.match(notice?.message ?? "", /post from 127\.0\.0\.1 refused \(403\)/);
  await using known = await Bench.open({
    access: { allowFrom: ["127.0.0.0/8"], username: "box", password: "s3cret" },
  });
  assert.equal((await known.post("x")).status, 401);
  for (const [given, status] of [["box:s3cret", 200], ["box:other", 401], ["xbo:s3cret", 401]]) {
    const authorization = `Basic ${btoa(String(given))}`;
    assert.equal((await known.post("x", { authorization })).status, status, String(given));
  }
  assert.equal(known.records.length, 1);
  assert.doesNotMatch(known.records.join(), /s3cret|Authorization/);
});

Deno.test("HttpSource: refusals are told at once and then not one by one", async () => {
  await using bench = await Bench.open();
  for (let i = 0; i < 20; i++) await bench.post("");
  assert.equal(bench.notices.filter(({ kind }) => kind === "post_refused").length, 1);
  assert.equal(bench.failed, 20);
});

Deno.test("HttpSource: a port that is in use is told with a hint, and taken when it is free", async () => {
  const port = freePort();
  const other = Deno.listen({ hostname: "0.0.0.0", port });
  await using bench = await Bench.open({ port });
  assert.equal(bench.problems.length, 1);
  assert.deepEqual(bench.problems[0], {
    kind: "busy",
    message: `listen on port ${port}: another program uses it`,
    hint: `see which: ss -ltnp 'sport = :${port}'; end it, or set another listen_port`,
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(bench.problems.length, 1, "told once");
  other.close();
  await waitFor("the source to be open", () => bench.opened === 1);
  assert.equal((await bench.post("x")).status, 200);
});

Deno.test("HttpSource: channels share a port, and it is free when the last has stopped", async () => {
  const port = freePort();
  const listeners = new HttpListeners({ libc, clock: systemClock, report: () => {} });
  await using one = await Bench.open({ listeners, port });
  await using two = await Bench.open({ listeners, port, path: "/ali" });
  const url = `http://127.0.0.1:${port}`;
  const status = async (path: string): Promise<number> => {
    const answer = await fetch(url + path, { method: "POST", body: path });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.deepEqual([await status("/cdr"), await status("/ali")], [200, 200]);
  await one.source.stop();
  assert.deepEqual([await status("/cdr"), await status("/ali")], [404, 200]);
  // Another with its path, such as after a reload.
  await using again = await Bench.open({ listeners, port });
  assert.equal(await status("/cdr"), 200);
  await again.source.stop();
  await two.source.stop();
  Deno.listen({ hostname: "0.0.0.0", port }).close();
  await using last = await Bench.open({ listeners, port });
  assert.equal(await status("/cdr"), 200);
  assert.deepEqual([one.bodies, two.bodies, again.bodies, last.bodies], [
    ["/cdr"],
    ["/ali", "/ali"],
    ["/cdr"],
    ["/cdr"],
  ]);
});

Deno.test("HttpSource: whatever way posts are cut and broken off, what is whole is kept, byte by byte", async () => {
  for (const seed of seeds()) {
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    await using bench = await Bench.open();
    const whole: string[] = [];
    const broken: string[] = [];
    for (let connection = 0; connection < 25; connection++) {
      using sender = await bench.connect();
      for (let i = random.integer(1, 4); i > 0; i--) {
        const id = `${connection}-${i}`;
        const body = `<${id}>` + "\n\r\0x"[random.integer(0, 3)]?.repeat(random.integer(0, 3000));
        const text = random.integer(0, 1) === 0 ? post("/cdr", body) : chunked(body, random);
        const isBroken = random.integer(0, 3) === 0;
        const sent = isBroken ? text.slice(0, random.integer(1, text.length - 1)) : text;
        for (let at = 0; at < sent.length;) {
          const piece = sent.slice(at, at + random.integer(1, 1000));
          await sender.send(piece);
          at += piece.length;
          if (random.integer(0, 5) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        (isBroken ? broken : whole).push(body);
        if (isBroken) break;
        assert.equal((await sender.answer()).status, 200);
      }
    }
    assert.deepEqual(bench.bodies, whole);
    assert.ok(broken.length > 0);
  }
});

Deno.test("HttpSource: a stop waits for the posts of its own path, also where others go on", async () => {
  const listeners = new HttpListeners({ libc, clock: systemClock, report: () => {} });
  const port = freePort();
  const safe = Promise.withResolvers<void>();
  await using one = await Bench.open({ listeners, port, safe: () => safe.promise });
  await using _other = await Bench.open({ listeners, port, path: "/ali" });
  const answer = one.post("a call");
  await waitFor("the record", () => one.records.length === 1);
  let isStopped = false;
  const stopping = one.source.stop().then(() => isStopped = true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(isStopped, false);
  safe.resolve();
  await stopping;
  assert.equal((await answer).status, 200);
});

Deno.test("HttpSource: a stop gives half a post up, answers a whole one, and waits for no idle sender", async () => {
  const safe = Promise.withResolvers<void>();
  const bench = await Bench.open({ safe: () => safe.promise });
  using idle = await bench.connect();
  using whole = await bench.connect();
  await whole.send(post("/cdr", "whole"));
  await waitFor("the record", () => bench.records.length === 1);
  using half = await bench.connect();
  await half.send(`${postHead("/cdr", 10)}half`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const stopped = bench.source.stop();
  assert.equal((await half.answer()).status, 503);
  safe.resolve();
  assert.equal((await whole.answer()).status, 200);
  const startMs = performance.now();
  await stopped;
  assert.ok(performance.now() - startMs < 3000);
  assert.equal(await idle.closes(3000), true);
  assert.deepEqual(bench.bodies, ["whole"]);
});

/** A post whose length nobody says, in chunks of any size. */
function chunked(body: string, random: Random): string {
  let text = "POST /cdr HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (let at = 0; at < body.length;) {
    const chunk = body.slice(at, at + random.integer(1, 700));
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
    at += chunk.length;
  }
  return `${text}0\r\n\r\n`;
}
