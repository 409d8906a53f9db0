import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { manage, messageCount, readStream } from "../support/stream_contents.ts";

const test = again(requires(natsServer).test);

/** The records' numbers in the stream, in its order. */
async function sequences(site: DeliverySite): Promise<number[]> {
  const stored = await readStream(site.server.url, "cdr");
  return stored.map(({ headers }) => Number(headers["Nectar-Sequence"]));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test("what a stream's limits have dropped is not sent again, even when the cursor is lost", async () => {
  await using site = await DeliverySite.open();
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], max_msgs: 100 });
  });
  site.fed.feed(500);
  site.startSink();
  await site.caughtUp();
  for (const lose of [false, true]) {
    await site.stopSink();
    if (lose) site.loseCursors();
    site.startSink();
    await site.caughtUp();
    assert.deepEqual(await sequences(site), range(401, 500));
    assert.equal(site.sink.status.delivered, 0);
  }
  site.fed.feed(1);
  await site.caughtUp();
  assert.deepEqual(await sequences(site), range(402, 501));
});

test("what an operator has purged is not sent again, and what is new goes on", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(300);
  site.startSink();
  await site.caughtUp();
  await manage(site.server.url, (manager) => manager.streams.purge("cdr"));
  await site.stopSink();
  site.startSink();
  site.fed.feed(10);
  await site.caughtUp();
  assert.deepEqual(await sequences(site), range(301, 310));
});

for (const isCursorKept of [true, false]) {
  const with_ = isCursorKept ? "with" : "without";
  test(`a journal begun anew is delivered from its start, ${with_} the old one's cursor`, async () => {
    await using site = await DeliverySite.open();
    site.fed.feed(300);
    site.startSink();
    await site.caughtUp();
    await site.stopSink();
    const { name } = site.fed.journal;
    await site.reopenJournals(() => {
      for (const ending of ["log", "idx", "json"]) rmSync(site.join(`${name}.${ending}`));
      if (!isCursorKept) site.loseCursors();
    });
    assert.equal(site.fed.journal.lastSequence, 0);
    site.fed.feed(50);
    site.startSink();
    await site.caughtUp();
    assert.equal(await messageCount(site.server.url, "cdr"), 350);
    site.fed.feed(400);
    await site.caughtUp();
    assert.deepEqual(await sequences(site), [...range(1, 300), ...range(1, 450)]);
  });
}

test("a cursor that an older journal has left is not taken for the new one's", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(300);
  site.startSink();
  await site.caughtUp();
  await site.stopSink();
  const { name } = site.fed.journal;
  await site.reopenJournals(() => {
    for (const ending of ["log", "idx", "json"]) rmSync(site.join(`${name}.${ending}`));
  });
  site.fed.feed(500);
  site.startSink();
  await site.caughtUp();
  assert.deepEqual(await sequences(site), [...range(1, 300), ...range(1, 500)]);
});

test("a cursor of another journal releases nothing before the stream has been asked", async () => {
  await using site = await DeliverySite.open();
  site.fed.feed(30);
  site.startSink();
  await site.caughtUp();
  await site.stopSink();
  await site.server.kill();
  const { fed } = site;
  site.startSink();
  assert.equal(fed.journal.shelf.holders.passedSequence, 30, "one of this journal does");
  await site.stopSink();
  await site.reopenJournals(() => {
    for (const ending of ["log", "idx", "json"]) rmSync(site.join(`${fed.journal.name}.${ending}`));
  });
  site.fed.feed(10);
  site.startSink();
  const { holders } = site.fed.journal.shelf;
  assert.equal(holders.passedSequence, 0);
  assert.equal(holders.releasedSequence, 0);
  await site.server.restart();
  await site.caughtUp();
  assert.equal(holders.passedSequence, 10);
});
