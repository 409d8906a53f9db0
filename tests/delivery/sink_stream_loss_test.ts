import assert from "node:assert/strict";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { cpSync, renameSync, rmSync } from "node:fs";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { backUp, restore } from "../support/stream_backup.ts";
import {
  assertDelivered,
  manage,
  messageCount,
  readStream,
  withConnection,
} from "../support/stream_contents.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const test = again(requires(natsServer).test);

/** A site whose sink has delivered this many records and has nothing more to do. */
async function idleSite(count: number): Promise<DeliverySite> {
  const site = await DeliverySite.open({ server: { syncInterval: "always" } });
  site.fed.feed(count);
  site.startSink();
  await site.caughtUp();
  await site.state("delivering");
  return site;
}

/** Waits until the stream has got everything that the journal holds again. */
async function refilled(site: DeliverySite): Promise<void> {
  await waitForValue(
    "the stream to be filled again",
    () => messageCount(site.server.url, "cdr"),
    (count) => count === site.fed.journal.lastSequence,
    { timeoutMs: 30_000 },
  );
  await site.caughtUp();
}

test("a stream deleted while there is nothing to send is missed, made again and filled", async () => {
  await using site = await idleSite(300);
  await manage(site.server.url, (manager) => manager.streams.delete("cdr"));
  await waitFor("status to tell", () => site.kinds().includes("sink_no_stream"), {
    timeoutMs: 5000,
  });
  await refilled(site);
  await site.assertDelivered();
});

test("a stream deleted and made anew behind the sink's back is filled while it is idle", async () => {
  await using site = await idleSite(300);
  await manage(site.server.url, async (manager) => {
    await manager.streams.delete("cdr");
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"] });
  });
  await refilled(site);
  await site.assertDelivered();
});

test("a stream deleted and made anew under load has every record of the journal once", async () => {
  await using site = await idleSite(1000);
  const feeding = setInterval(() => site.fed.feed(3), 1);
  const before = site.fed.journal.lastSequence;
  await waitFor("some load", () => site.fed.journal.lastSequence > before + 100);
  await manage(site.server.url, async (manager) => {
    await manager.streams.delete("cdr");
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"] });
  });
  const after = site.fed.journal.lastSequence;
  await waitFor("more load", () => site.fed.journal.lastSequence > after + 100);
  clearInterval(feeding);
  await site.fed.journal.sync();
  await refilled(site);
  // Those that came first into the new stream stand before the old ones.
  const stored = await readStream(site.server.url, "cdr");
  const sequences = stored.map(({ headers }) => Number(headers["Nectar-Sequence"]));
  assert.deepEqual(
    sequences.toSorted((a, b) => a - b),
    Array.from({ length: site.fed.journal.lastSequence }, (_, i) => i + 1),
  );
  assert.ok(site.kinds().includes("stream_lost_records"), "the loss is told");
});

test("another stream that takes the subject's place is filled from the journal", async () => {
  await using site = await idleSite(300);
  await manage(site.server.url, async (manager) => {
    await manager.streams.delete("cdr");
    await manager.streams.add({ name: "calls", subjects: ["ks.cdr.>"] });
  });
  site.fed.feed(1);
  await waitFor(
    "the other stream to be filled",
    async () => await messageCount(site.server.url, "calls") === 301,
  );
});

test("a server that comes back with its store wiped gets everything again", async () => {
  await using site = await idleSite(300);
  await site.server.kill();
  rmSync(site.storePath, { recursive: true });
  await site.server.restart();
  await refilled(site);
  await site.assertDelivered();
});

test("a server that comes back with an earlier store gets what it has lost", async () => {
  await using site = await idleSite(300);
  const older = site.join("older");
  await site.server.stop();
  cpSync(site.storePath, older, { recursive: true });
  await site.server.restart();
  site.fed.feed(700);
  await site.caughtUp();
  await site.server.kill();
  rmSync(site.storePath, { recursive: true });
  renameSync(older, site.storePath);
  await site.server.restart();
  await refilled(site);
  await site.assertDelivered();
  assert.ok(site.kinds().includes("stream_lost_records"));
});

test("a stream that is restored from an older backup, and filled by others, gets what it lacks", async () => {
  await using site = await idleSite(300);
  await withConnection(site.server.url, async (connection) => {
    const client = jetstream(connection);
    const backup = await backUp(connection, "cdr");
    const { created } = await client.streams.get("cdr").then((stream) => stream.info());
    site.fed.feed(20);
    await site.caughtUp();
    await (await jetstreamManager(connection)).streams.delete("cdr");
    await restore(connection, "cdr", backup);
    for (let i = 0; i < 20; i++) await client.publish("ks.cdr.test", "of another box");
    // Neither when it was made nor how many it holds gives it away.
    const { state, ...info } = await client.streams.get("cdr").then((stream) => stream.info());
    assert.deepEqual([info.created, state.last_seq], [created, 320]);
  });
  await waitFor("the loss to be told", () => site.kinds().includes("stream_lost_records"));
  await site.caughtUp();
  const stored = await readStream(site.server.url, "cdr");
  await assertDelivered(stored.filter(({ id }) => id !== ""), site.journals);
});
