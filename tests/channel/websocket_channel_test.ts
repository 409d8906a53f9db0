// A WebSocket feed with its journal: what is counted while its server restarts, hangs and dries up.

import assert from "node:assert/strict";
import { RecordChannel } from "../../src/channel/record_channel.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { SocketCare } from "../../src/source/tcp/socket_care.ts";
import { WebSocketDialer } from "../../src/source/websocket/websocket_dialer.ts";
import { WebSocketSource } from "../../src/source/websocket/websocket_source.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { freePort } from "../support/free_port.ts";
import { JournalBox, plain, readAll } from "../support/journal_box.ts";
import { waitFor } from "../support/wait_for.ts";
import { WebSocketFeed } from "../support/websocket_feed.ts";

const care = new SocketCare({ libc: new Libc() });

class Bench implements AsyncDisposable {
  private constructor(readonly channel: RecordChannel, readonly box: JournalBox) {}

  static async open(
    box: JournalBox,
    port: number,
    options: {
      readonly disk?: FailingDisk;
      readonly pingMs?: number;
      readonly answerMs?: number;
      readonly stallMs?: number;
    } = {},
  ): Promise<Bench> {
    const { disk = new FailingDisk(), ...times } = options;
    const journal = await box.open({ disk, feedsInside: true });
    const clock = systemClock;
    const source = new WebSocketSource({
      connector: new WebSocketDialer({
        url: new URL(`ws://127.0.0.1:${port}/feed`),
        headers: () => Promise.resolve({}),
        care,
        clock,
      }),
      messages: [],
      backoff: { initialMs: 20, maxMs: 100, exponential: true },
      clock,
      ...times,
    });
    const report = box.notices.push.bind(box.notices);
    const channel = new RecordChannel({ journal, source, clock, report });
    channel.start();
    return new Bench(channel, box);
  }

  async untilState(state: string): Promise<void> {
    await waitFor(`the state ${state}`, () => this.channel.status.state === state);
  }

  async untilRecords(count: number): Promise<void> {
    await waitFor(`record ${count}`, () => this.channel.status.records === count);
  }

  /** How often it was told. */
  told(kind: string): number {
    return this.box.notices.filter((notice) => notice.kind === kind).length;
  }

  async texts(): Promise<string[]> {
    await this.channel.journal.sync();
    const { records } = await readAll(this.channel.journal);
    return records.map(plain).map(({ text, end }) => `${text} (${end})`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channel.stop();
    await this.channel.journal.close();
  }
}

Deno.test("a WebSocket feed whose server restarts, hangs and dries up is back by itself, and counts right", async () => {
  using box = new JournalBox();
  const port = freePort();
  const times = { pingMs: 50, answerMs: 500, stallMs: 1500 };
  await using bench = await Bench.open(box, port, times);
  await waitFor("nobody to be there", () => bench.told("source_unreachable") === 1);
  {
    await using feed = new WebSocketFeed({ port });
    (await feed.client()).send("first");
    await bench.untilRecords(1);
    await bench.untilState("running");
  }
  await bench.untilState("reconnecting");
  {
    await using hanging = new WebSocketFeed({ port, answersPings: false });
    (await hanging.client()).send("second");
    await bench.untilRecords(2);
    await waitFor("the hanging server to be given up", () => hanging.clients.length >= 2);
  }
  {
    await using feed = new WebSocketFeed({ port });
    const client = await feed.client();
    client.send("third");
    await bench.untilRecords(3);
    await waitFor("the stall", () => bench.told("source_stalled") === 1);
    const { state, detail } = bench.channel.status;
    assert.deepEqual([state, detail], ["reconnecting", "nothing came for 1 seconds"]);
    (await feed.client(2)).send("fourth");
    await bench.untilState("running");
    await bench.untilRecords(4);
  }
  const { bytes, records, errors, reconnects } = bench.channel.status;
  assert.deepEqual({ bytes, records, errors }, { bytes: 22, records: 4, errors: 0 });
  assert.equal(bench.told("source_opened"), 1);
  assert.equal(reconnects, bench.told("reconnect"));
  assert.ok(reconnects >= 3, "after the restart, the hanging server, the stall");
  assert.deepEqual(await bench.texts(), [
    "first (message)",
    "second (message)",
    "third (message)",
    "fourth (message)",
  ]);
});

Deno.test("a WebSocket feed is held up while disk and memory take nothing, and all is there in order afterwards", async () => {
  using box = new JournalBox();
  await using feed = new WebSocketFeed();
  const disk = new FailingDisk();
  await using bench = await Bench.open(box, feed.port, { disk });
  const client = await feed.client();
  client.send("before");
  await bench.untilRecords(1);
  disk.before = ({ what }) => {
    if (what === "append") throw new Error("No space left on device");
  };
  const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
  for (const text of texts) client.send(text);
  await bench.untilState("failed");
  disk.heal();
  await bench.untilRecords(51);
  const expected = ["before", ...texts].map((text) => `${text} (message)`);
  assert.deepEqual(await bench.texts(), expected);
  assert.equal(bench.told("source_gone"), 0);
});
