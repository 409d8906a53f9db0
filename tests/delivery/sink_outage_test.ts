import assert from "node:assert/strict";
import { cpSync, renameSync, rmSync } from "node:fs";
import { Random } from "../../src/simulate/random.ts";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { manage, messageCount, readStream } from "../support/stream_contents.ts";
import { waitFor } from "../support/wait_for.ts";

const { test } = requires(natsServer);
const syncAlways = { syncInterval: "always" };

test("records reach the stream in order, once, as they stand in the log", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(700);
  site.startSink();
  await site.caughtUp();
  site.fed.feed(300);
  await site.caughtUp();
  await site.assertDelivered();
  assert.equal(site.sink.status.delivered, 1000);
  const [first] = await readStream(site.server.url, "cdr");
  assert.equal(first?.subject, "ks.cdr.test");
  assert.equal(first?.headers["Nectar-Channel"], "1429010002-A1");
  assert.equal(first?.headers["Nectar-Sequence"], "1");
});

test("a server that is absent at the start gets everything once it is there", async () => {
  await using site = await DeliverySite.open();
  await site.server.stop();
  site.fed.feed(100);
  site.startSink();
  await site.state("disconnected");
  await site.server.restart();
  await site.caughtUp();
  await site.assertDelivered();
});

test("a server killed again and again under load misses nothing and gets nothing twice", async () => {
  const random = new Random(Math.floor(Math.random() * 2 ** 32));
  console.log(`seed ${random.seed}`);
  await using site = await DeliverySite.open({ server: syncAlways, sides: ["A1", "B1"] });
  site.startSink();
  const feeding = setInterval(() => {
    for (const fed of site.journals) fed.feed(random.integer(0, 12));
  }, 5);
  try {
    for (let kill = 0; kill < 5; kill++) {
      const goal = site.sink.status.delivered + random.integer(1, 400);
      await waitFor("some deliveries", () => site.sink.status.delivered >= goal);
      await site.server.kill();
      await site.server.restart();
    }
  } finally {
    clearInterval(feeding);
  }
  await site.caughtUp();
  await site.assertDelivered();
});

test("a server frozen beyond the acknowledgement time-out gets nothing twice", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(50);
  site.startSink();
  await site.caughtUp();
  await site.server.pause();
  site.fed.feed(500);
  await site.state("stalled", 15_000);
  site.server.resume();
  await site.caughtUp();
  await site.assertDelivered();
});

test("a lost cursor file costs no duplicate, whatever the duplicate window", async () => {
  await using site = await DeliverySite.open();
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({
      name: "cdr",
      subjects: ["*.cdr.>"],
      duplicate_window: 100 * 1_000_000,
    });
  });
  site.fed.feed(900);
  site.startSink();
  await site.caughtUp();
  await site.stopSink();
  site.loseCursors();
  site.fed.feed(20);
  await waitFor("the duplicate window to pass", () => oldestIsOlderThan(site, 150));
  site.startSink();
  await site.caughtUp();
  await site.assertDelivered();
  assert.equal(site.sink.status.delivered, 20);
});

async function oldestIsOlderThan(site: DeliverySite, ms: number): Promise<boolean> {
  const { state } = await manage(site.server.url, (manager) => manager.streams.info("cdr"));
  return Date.now() - Date.parse(state.last_ts) > ms;
}

test("acknowledged records that the server has lost again are sent again, in order", async () => {
  await using site = await DeliverySite.open({ server: syncAlways });
  site.fed.feed(400);
  site.startSink();
  await site.caughtUp();
  const older = site.join("older");
  await site.server.stop();
  cpSync(site.storePath, older, { recursive: true });
  await site.server.restart();
  site.fed.feed(600);
  await site.caughtUp();
  await site.stopSink();
  await site.server.kill();
  rmSync(site.storePath, { recursive: true });
  renameSync(older, site.storePath);
  await site.server.restart();
  assert.equal(await messageCount(site.server.url, "cdr"), 400);
  site.startSink();
  await site.caughtUp();
  await site.assertDelivered();
  assert.ok(site.kinds().includes("stream_lost_records"));
});

test("a stream that is deleted is made again and gets what the journal still keeps", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(300);
  site.startSink();
  await site.caughtUp();
  await manage(site.server.url, (manager) => manager.streams.delete("cdr"));
  site.fed.feed(10);
  await waitFor("a new stream", async () => await messageCount(site.server.url, "cdr") > 0);
  await site.caughtUp();
  await site.assertDelivered();
});
