// An HTTP port as it is put together from its configuration: real posts, a real journal.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { CatchMemories } from "../../src/channel/catch_memories.ts";
import type { ChannelContext } from "../../src/channel/channel_context.ts";
import { openHttpChannel } from "../../src/channel/http_channel.ts";
import type { OpenedChannel } from "../../src/channel/opened_channel.ts";
import { enabledPorts } from "../../src/config/config.ts";
import { TailBudget } from "../../src/journal/tail_budget.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { HttpListeners } from "../../src/source/http/http_listeners.ts";
import { HeldPorts } from "../../src/source/serial/held_ports.ts";
import { PollLoop } from "../../src/source/serial/poll_loop.ts";
import { configOf, sample } from "../config/sample.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { freePort } from "../support/free_port.ts";
import { readAll } from "../support/journal_box.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

/** One HTTP port, opened and closed as often as a test likes. */
class Bench implements AsyncDisposable {
  readonly disk = new FailingDisk();
  readonly port = freePort();
  readonly notices: Notice[] = [];
  readonly logFolder: string;
  readonly #folder = new TemporaryFolder("http");
  readonly #libc = new Libc();
  readonly #loop = new PollLoop({ libc: this.#libc, clock: systemClock });
  readonly #safeMs: number;
  #opened: OpenedChannel | undefined;

  /** Senders wait so long for the disk. */
  constructor(safeMs = 10_000) {
    this.#safeMs = safeMs;
    this.logFolder = this.#folder.join("log");
    mkdirSync(this.logFolder);
    mkdirSync(this.#folder.join("state"));
  }

  get opened(): OpenedChannel {
    assert.ok(this.#opened !== undefined);
    return this.#opened;
  }

  async open(): Promise<void> {
    const report = (notice: Notice): number => this.notices.push(notice);
    const config = configOf(sample({
      app: { fips_code: "1429010002" },
      ports: [{
        type: "http",
        path: "/cdr",
        listen_port: this.port,
        side_designation: "A1",
        enabled: true,
      }],
      logging: { base_path: this.logFolder },
      journal: { state_path: this.#folder.join("state") },
    }));
    const libc = this.#libc;
    const context: ChannelContext = {
      config,
      sinkNames: ["sink"],
      libc,
      loop: this.#loop,
      ports: new HeldPorts({ libc: this.#libc }),
      listeners: new HttpListeners({ libc: this.#libc, clock: systemClock, report }),
      disk: this.disk,
      clock: systemClock,
      boot: "boot",
      memories: new CatchMemories(libc, this.#folder.join("lasting-")),
      tailFolder: this.#folder.join("tail"),
      tailBudget: new TailBudget({ maxBytes: 3 * 2 ** 20 }),
      maxSegmentBytes: 100 * 2 ** 20,
      space: { floorBytes: 0, isClosed: false, status: { belowFloor: false } },
      opened: new AsyncDisposableStack(),
      report,
    };
    const [port] = enabledPorts(config);
    assert.ok(port?.type === "http");
    const times = { pauseMs: 10_000, totalMs: 10_000, safeMs: this.#safeMs };
    this.#opened = await openHttpChannel(port, context, times);
    this.#opened.start((error) => assert.fail(String(error)));
    await waitFor("the port", () => this.opened.channel.status.state === "running");
  }

  async close(): Promise<void> {
    await this.#opened?.channel.stop();
    await this.#opened?.close();
    this.#opened = undefined;
  }

  async post(body: BodyInit, headers: Record<string, string> = {}): Promise<number> {
    const url = `http://127.0.0.1:${this.port}/cdr`;
    const answer = await fetch(url, { method: "POST", body, headers });
    await answer.text();
    return answer.status;
  }

  async bodies(): Promise<string[]> {
    await this.opened.channel.journal.sync();
    const { records } = await readAll(this.opened.channel.journal);
    return records.map(({ line }) => {
      const text = Buffer.from(line).toString("latin1");
      return text.slice(text.indexOf("\n\n") + 2, -1);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.#loop[Symbol.asyncDispose]();
    this.#libc[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("openHttpChannel: a post that was answered is in the journal and synced", async () => {
  await using bench = new Bench();
  await bench.open();
  assert.equal(await bench.post("<call/>\n"), 200);
  const { journal, status } = bench.opened.channel;
  assert.equal(journal.durableSequence, 1);
  assert.deepEqual(await bench.bodies(), ["<call/>\n"]);
  assert.deepEqual([status.records, status.source], [1, `http port ${bench.port}, path /cdr`]);
  assert.ok(status.lastRecordMs !== null && Date.now() - status.lastRecordMs < 60_000);
});

Deno.test("openHttpChannel: 50 MB come in parts that are the post when put together, in little memory", async () => {
  await using bench = new Bench();
  await bench.open();
  const body = new Uint8Array(50 * 2 ** 20);
  const block = new Uint8Array(65_521).map((_, i) => (i * 7 + (i >> 8)) % 256);
  for (let at = 0; at < body.length; at += block.length) {
    body.set(block.subarray(0, body.length - at), at);
  }
  assert.equal(await bench.post(body), 200);
  const { journal } = bench.opened.channel;
  assert.equal(journal.durableSequence, 51);
  using reader = journal.reader();
  const parts: Uint8Array[] = [];
  const ends: string[] = [];
  for (let next = 1; next <= 51;) {
    const read = await reader.read(next, { maxRecords: 10, maxBytes: 10_000_000 });
    parts.push(...read.records.map(({ line }) => line.subarray(42, -1)));
    ends.push(...read.records.map(({ end }) => end));
    next = read.next;
  }
  assert.ok(parts.every((part) => part.length < 2 ** 20));
  assert.deepEqual(ends, [...Array(50).fill("too_long"), "message"]);
  const record = Buffer.concat(parts);
  assert.equal(record.length - record.indexOf("\n\n") - 2, body.length);
  assert.ok(record.subarray(record.indexOf("\n\n") + 2).equals(body));
});

Deno.test("openHttpChannel: a resend is known by its key after a restart, too", async () => {
  await using bench = new Bench();
  await bench.open();
  for (let i = 0; i < 120; i++) {
    assert.equal(await bench.post(`call ${i}`, { "idempotency-key": `${i}` }), 200);
  }
  assert.equal(await bench.post("call 7"), 200);
  await bench.close();
  await bench.open();
  for (const i of [0, 60, 119]) {
    assert.equal(await bench.post(`call ${i}`, { "idempotency-key": `${i}` }), 200);
  }
  assert.equal((await bench.bodies()).length, 121);
  assert.equal(await bench.post("call 7, corrected", { "idempotency-key": "7" }), 200);
  assert.equal(await bench.post("call 7"), 200);
  assert.equal((await bench.bodies()).length, 123);
});

Deno.test("openHttpChannel: a full disk is answered with 503 and later with 200; what was sent again is kept once", async () => {
  await using bench = new Bench(300);
  await bench.open();
  assert.equal(await bench.post("before"), 200);
  bench.disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(bench.logFolder)) throw new Error("No space left");
  };
  // Each is kept in memory, and waits as long as a sender does.
  const bodies = Array.from({ length: 5 }, (_, i) => `call ${i}`);
  const refused = await Promise.all(bodies.map((body) => bench.post(body)));
  assert.deepEqual(refused, Array(5).fill(503));
  bench.disk.heal();
  for (const body of bodies) {
    await waitFor("it to be taken", async () => await bench.post(body) === 200);
  }
  assert.deepEqual((await bench.bodies()).sort(), ["before", ...bodies].sort());
});

Deno.test("openHttpChannel: what disk and memory refuse is answered with 503 at once, and taken later", async () => {
  await using bench = new Bench();
  await bench.open();
  bench.disk.before = ({ what }) => {
    if (what === "append") throw new Error("No space left");
  };
  assert.equal(await bench.post("call", { "idempotency-key": "1" }), 503);
  assert.equal(bench.opened.channel.status.state, "failed");
  bench.disk.heal();
  assert.equal(await bench.post("call", { "idempotency-key": "1" }), 200);
  assert.equal(bench.opened.channel.status.state, "running");
  assert.deepEqual(await bench.bodies(), ["call"]);
});

Deno.test("openHttpChannel: a post for which memory has no room is refused, and costs no other its place", async () => {
  await using bench = new Bench();
  await bench.open();
  bench.disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(bench.logFolder)) throw new Error("No space left");
  };
  // The disk refuses it, and memory could never hold it.
  assert.equal(await bench.post("x".repeat(10 * 2 ** 20)), 503);
  const large = "x".repeat(1.6 * 2 ** 20);
  const kept = [bench.post("small")];
  await waitFor("memory", () => bench.opened.channel.journal.inMemory);
  kept.push(bench.post(large));
  await waitFor("both", () => bench.opened.channel.status.lastSequence >= 3);
  assert.equal(await bench.post("y".repeat(large.length)), 503);
  bench.disk.heal();
  assert.deepEqual(await Promise.all(kept), [200, 200]);
  const bodies = await bench.bodies();
  assert.equal(bodies[0], "small");
  assert.equal(bodies.length, 3);
  assert.doesNotMatch(bodies.join(""), /y/);
});
