import assert from "node:assert/strict";
import { StorageWatch } from "../../src/delivery/storage_watch.ts";
import type { StreamStorage } from "../../src/delivery/stream_storage.ts";
import type { Notice } from "../../src/platform/notice.ts";
import { HandClock } from "../support/hand_clock.ts";

class Bench {
  readonly clock = new HandClock();
  readonly notices: Notice[] = [];
  readonly watch = new StorageWatch({
    sink: "nats",
    clock: this.clock,
    report: (notice) => this.notices.push(notice),
  });
  storage: StreamStorage = {
    stream: "cdr",
    bytes: 0,
    maxBytes: 1000,
    messages: 0,
    maxMessages: Infinity,
    maxMessagesPerSubject: Infinity,
    dropsOldest: false,
    account: null,
  };
  asked = 0;
  answers = true;

  /** Lets so many seconds pass, as the sink does. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.watch.check(() => {
        this.asked += 1;
        return this.answers ? Promise.resolve([this.storage]) : Promise.reject(new Error("gone"));
      });
      await this.clock.advance(1000);
    }
  }

  /** Fills the stream to so many per cent and looks; returns the new notices. */
  async fill(percent: number): Promise<string[]> {
    this.storage = { ...this.storage, bytes: percent * 10 };
    const before = this.notices.length;
    await this.pass(61);
    return this.notices.slice(before).map(({ level, kind }) => `${level} ${kind}`);
  }
}

Deno.test("a stream that fills up is told at 80 and at 95 %, once each, and when that is over", async () => {
  const bench = new Bench();
  assert.deepEqual(await bench.fill(79), []);
  assert.deepEqual(await bench.fill(83), ["warning stream_storage_warning"]);
  assert.deepEqual(await bench.fill(90), []);
  assert.deepEqual(await bench.fill(97), ["error stream_storage_critical"]);
  assert.deepEqual(await bench.fill(85), []);
  assert.deepEqual(await bench.fill(20), ["info stream_storage_recovered"]);
  assert.deepEqual(await bench.fill(99), ["error stream_storage_critical"]);
  const [warning] = bench.notices;
  assert.equal(
    warning?.message,
    "nats: stream cdr is 83 % full (max_bytes); records wait in the journal when it is full",
  );
  assert.match(warning?.hint ?? "", /nats stream edit cdr/);
  assert.deepEqual(warning?.details, { stream: "cdr", percent: 83 });
});

Deno.test("a stream that drops its oldest silently is told once, and again when its limits change", async () => {
  const bench = new Bench();
  bench.storage = { ...bench.storage, dropsOldest: true };
  assert.deepEqual(await bench.fill(10), ["warning stream_drops_old"]);
  assert.match(
    bench.notices[0]?.message ?? "",
    /drops its oldest records silently.*max_bytes 1000/,
  );
  assert.deepEqual(await bench.fill(99), ["warning stream_storage_critical"]);
  assert.match(bench.notices[1]?.message ?? "", /its oldest records go silently/);
  bench.storage = { ...bench.storage, maxMessages: 500 };
  assert.deepEqual(await bench.fill(99), ["warning stream_drops_old"]);
  bench.storage = { ...bench.storage, dropsOldest: false };
  assert.deepEqual(await bench.fill(99), []);
});

Deno.test("the server is asked at once, then every minute, every ten seconds when it fills up", async () => {
  const bench = new Bench();
  await bench.pass(180);
  assert.equal(bench.asked, 3);
  await bench.fill(71);
  bench.asked = 0;
  await bench.pass(60);
  assert.equal(bench.asked, 6);
});

Deno.test("a server that does not answer is asked again, and what was known stays", async () => {
  const bench = new Bench();
  await bench.fill(50);
  bench.answers = false;
  await bench.pass(70);
  assert.equal(bench.watch.uses[0]?.share, 0.5);
  assert.ok(bench.asked > 5);
  bench.answers = true;
  await bench.fill(60);
  assert.equal(bench.watch.uses[0]?.share, 0.6);
});
