import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { cpSync, renameSync, rmSync } from "node:fs";
import { Random } from "../../src/simulate/random.ts";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { seeds } from "../support/seeds.ts";
import {
  assertDelivered,
  manage,
  messageCount,
  readStream,
  type StoredMessage,
  withConnection,
} from "../support/stream_contents.ts";
import { waitFor } from "../support/wait_for.ts";

const test = again(requires(natsServer).test);
const syncAlways = { syncInterval: "always" };

/** A stream that remembers message ids for a tenth of a second only. */
async function addForgetfulStream(site: DeliverySite): Promise<void> {
  const duplicate_window = 100 * 1_000_000;
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], duplicate_window });
  });
}

test("records reach the stream in order, once, as they stand in the log", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(700);
  await site.fed.journal.sync();
  assert.equal(site.startSink().status.backlog, 700);
  await site.caughtUp();
  assert.equal(site.sink.status.backlog, 0);
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
  for (const seed of seeds()) {
    console.log(`SEED=${seed}`);
    await killAgainAndAgain(new Random(seed));
  }
});

async function killAgainAndAgain(random: Random): Promise<void> {
  await using site = await DeliverySite.open({ server: syncAlways, sides: ["A1", "B1"] });
  await addForgetfulStream(site);
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
}

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

test("stop() does not wait for a server that is frozen", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(50);
  site.startSink();
  await site.caughtUp();
  await site.server.pause();
  await stopsWithin(site, 1000);
  site.startSink();
  await stopsWithin(site, 1000);
  site.server.resume();
  site.startSink();
  await site.caughtUp();
  await site.assertDelivered();
});

async function stopsWithin(site: DeliverySite, ms: number): Promise<void> {
  const startMs = performance.now();
  await site.stopSink();
  const took = performance.now() - startMs;
  assert.ok(took < ms, `stopped after ${Math.round(took)} ms`);
}

test("a lost cursor file costs no duplicate, whatever the duplicate window", async () => {
  await using site = await DeliverySite.open();
  await addForgetfulStream(site);
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

for (const strangers of [0, 700]) {
  const hidden = strangers === 0 ? "" : ", also when others have filled the gap";
  test(`what was acknowledged and lost again is sent again, in order${hidden}`, async () => {
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
    await publishAsStranger(site, strangers);
    assert.equal(await messageCount(site.server.url, "cdr"), 400 + strangers);
    site.startSink();
    await site.caughtUp();
    await assertDelivered(await ours(site), site.journals);
    assert.ok(site.kinds().includes("stream_lost_records"));
  });
}

async function ours(site: DeliverySite): Promise<StoredMessage[]> {
  return (await readStream(site.server.url, "cdr")).filter(({ id }) => id !== "");
}

function publishAsStranger(site: DeliverySite, count: number): Promise<void> {
  return withConnection(site.server.url, async (connection) => {
    const client = jetstream(connection);
    for (let i = 0; i < count; i++) await client.publish("ks.cdr.test", "stranger");
  });
}

test("what stands behind a hole in the stream is not sent again when the hole is filled", async () => {
  await using site = await DeliverySite.open();
  await addForgetfulStream(site);
  site.fed.feed(200);
  const { name, epoch } = site.fed.journal;
  await withConnection(site.server.url, async (connection) => {
    const client = jetstream(connection);
    for (const { sequence, line } of await site.fed.records()) {
      if (sequence === 60 || sequence > 150) continue;
      await client.publish("ks.cdr.test", line, { msgID: `${name}/${epoch}/${sequence}` });
    }
  });
  await waitFor("the duplicate window to pass", () => oldestIsOlderThan(site, 150));
  site.startSink();
  await site.caughtUp();
  assert.equal(site.sink.status.delivered, 51);
  const stored = await readStream(site.server.url, "cdr");
  const sent = stored.slice(149).map(({ headers }) => Number(headers["Nectar-Sequence"]));
  assert.deepEqual(sent, [60, ...Array.from({ length: 50 }, (_, i) => 151 + i)]);
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

test("a peer that is no NATS server is told as disconnected, however rude it is", async () => {
  await using site = await DeliverySite.open();
  const good = site.connection;
  const greets = 'INFO {"version":"2.10.0","max_payload":1000,"headers":true}\r\n';
  for (const greeting of ["HTTP/1.1 400 Bad Request\r\n\r\n", greets, ""]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    site.connection = () => ({ servers: `127.0.0.1:${listener.addr.port}` });
    site.fed.feed(5);
    site.startSink();
    for (let attempt = 0; attempt < 2; attempt++) {
      using peer = await listener.accept();
      await peer.write(new TextEncoder().encode(greeting));
    }
    await site.state("disconnected");
    site.connection = good;
    await site.caughtUp();
    await site.stopSink();
  }
  await site.assertDelivered();
});
