// A stream that drops its oldest messages by its own limits: they were there once, and are not sent
// again, whatever happens to cursors, connections and servers. `ROUNDS=20` makes so many rounds.

import assert from "node:assert/strict";
import { cpSync, renameSync, rmSync } from "node:fs";
import { Random } from "../../src/simulate/random.ts";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { rounds } from "../support/rounds.ts";
import { seeds } from "../support/seeds.ts";
import { manage, readStream } from "../support/stream_contents.ts";

const { test } = requires(natsServer);
const [seed = 0] = seeds();

/** A site whose stream keeps so many messages and drops the oldest. */
async function openSite(maxMessages: number): Promise<DeliverySite> {
  const site = await DeliverySite.open({ server: { syncInterval: "always" } });
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], max_msgs: maxMessages });
  });
  return site;
}

/** Asserts that each record was stored once, and that the last ones are there, in order. */
async function assertStoredOnce(site: DeliverySite, maxMessages: number): Promise<void> {
  const last = site.fed.journal.lastSequence;
  const { state } = await manage(site.server.url, (manager) => manager.streams.info("cdr"));
  assert.equal(state.last_seq, last, "as many were stored as there are");
  const stored = await readStream(site.server.url, "cdr");
  const kept = Math.min(last, maxMessages);
  assert.deepEqual(
    stored.map(({ headers }) => Number(headers["Nectar-Sequence"])),
    Array.from({ length: kept }, (_, i) => last - kept + 1 + i),
  );
}

test("what a stream has dropped by its limits is not sent again, whatever else fails", async () => {
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < rounds(1); round++) {
    const maxMessages = random.integer(5, 300);
    await using site = await openSite(maxMessages);
    site.startSink();
    for (const fault of ["cursor", "kill", "nothing", "cursor"]) {
      site.fed.feed(random.integer(1, 500));
      if (fault === "kill") {
        await site.server.kill();
        await site.server.restart();
      }
      await site.caughtUp();
      if (fault === "cursor") {
        await site.stopSink();
        site.loseCursors();
        site.startSink();
        await site.caughtUp();
        assert.equal(site.sink.status.delivered, 0, "nothing was sent again");
      }
    }
    await assertStoredOnce(site, maxMessages);
  }
  console.log(`${rounds(1)} rounds with a stream that drops its oldest: nothing was sent again`);
});

test("what such a stream has lost in its server's power cut is told from what it has dropped, and sent again", async () => {
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  let resent = 0;
  for (let round = 0; round < rounds(1); round++) {
    const maxMessages = random.integer(5, 300);
    await using site = await openSite(maxMessages);
    site.fed.feed(random.integer(1, 2 * maxMessages));
    site.startSink();
    await site.caughtUp();
    await site.stopSink();
    const older = site.join("older");
    await site.server.stop();
    cpSync(site.storePath, older, { recursive: true });
    await site.server.restart();
    const before = site.fed.journal.lastSequence;
    site.fed.feed(random.integer(1, 4 * maxMessages));
    site.startSink();
    await site.caughtUp();
    await site.stopSink();
    await site.server.kill();
    rmSync(site.storePath, { recursive: true });
    renameSync(older, site.storePath);
    await site.server.restart();
    const lost = site.fed.journal.lastSequence - before;
    site.startSink();
    await site.caughtUp();
    resent += site.sink.status.delivered;
    assert.equal(site.sink.status.delivered, lost);
    await assertStoredOnce(site, maxMessages);
  }
  console.log(`${rounds(1)} power cuts of a stream that drops its oldest: ${resent} sent again`);
});
