// A TCP feed with its journal, acknowledged.

import assert from "node:assert/strict";
import { Acknowledgement } from "../../src/channel/acknowledgement.ts";
import { CatchBuffer, catchBufferBytes } from "../../src/channel/catch_buffer.ts";
import { Channel } from "../../src/channel/channel.ts";
import { framerFor } from "../../src/framer/framer_for.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { SocketCare } from "../../src/source/tcp/socket_care.ts";
import { TcpListener } from "../../src/source/tcp/tcp_listener.ts";
import { TcpSource } from "../../src/source/tcp/tcp_source.ts";
import { freePort } from "../support/free_port.ts";
import { JournalBox, plain, readAll } from "../support/journal_box.ts";
import { dialIn, type FeedPeer } from "../support/tcp_feed.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const clock = systemClock;
const care = new SocketCare({ libc: new Libc() });

class Bench implements AsyncDisposable {
  private constructor(readonly channel: Channel, readonly port: number) {}

  static async open(box: JournalBox): Promise<Bench> {
    const port = freePort();
    const journal = await box.open({ sync: 60_000 });
    const report = box.notices.push.bind(box.notices);
    const acknowledgement = new Acknowledgement({
      journal,
      clock,
      sender: () => source.connection,
      text: Uint8Array.of(0x06),
    });
    const source: TcpSource = new TcpSource({
      connector: new TcpListener({ host: "127.0.0.1", port, care, clock, report }),
      backoff: { initialMs: 20, maxMs: 100, exponential: true },
      acknowledged: () => acknowledgement.settled(),
      clock,
    });
    const channel = new Channel({
      journal,
      source,
      framer: framerFor({ mode: "line" }, journal.position),
      catchBuffer: new CatchBuffer(new Uint8Array(catchBufferBytes)),
      clock,
      idleFlushMs: 3_600_000,
      acknowledgement,
      report,
    });
    channel.start(null);
    return new Bench(channel, port);
  }

  async dialIn(): Promise<FeedPeer> {
    return await waitForValue("somebody to listen", () => dialIn(this.port), () => true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channel.stop();
    await this.channel.journal.close();
  }
}

Deno.test("a sender that has said that it sends nothing more is acknowledged before the end", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open(box);
  using sender = await bench.dialIn();
  await sender.send("one\r\ntwo\r\n");
  await sender.sendEnd();
  await sender.untilOver();
  assert.equal(sender.received.toString(), "\x06\x06");
});

Deno.test("a stop acknowledges what was sent before it, and marks what was cut off", async () => {
  using box = new JournalBox();
  await using bench = await Bench.open(box);
  using sender = await bench.dialIn();
  await sender.send("one\r\n");
  await waitFor("the first", () => sender.received.length === 1);
  await sender.send("two\r\nthr");
  await bench.channel.stop();
  await sender.untilOver();
  assert.equal(sender.received.toString(), "\x06\x06");
  const { records } = await readAll(bench.channel.journal);
  assert.deepEqual(records.map(plain).map(({ text, end }) => `${text} (${end})`), [
    "one (carriage_return)",
    "two (carriage_return)",
    "thr (stop)",
  ]);
});
