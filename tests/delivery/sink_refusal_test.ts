import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { writeFileSync } from "node:fs";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { again } from "../support/rounds.ts";
import { manage, messageCount, readStream, withConnection } from "../support/stream_contents.ts";
import { waitFor } from "../support/wait_for.ts";

const test = again(requires(natsServer).test);

test("a stream that takes the subject is used whatever its name, and is not altered", async () => {
  await using site = await DeliverySite.open();
  const before = await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "calls", subjects: ["ks.cdr.test", "x.>"], max_msgs: 5000 });
    return (await manager.streams.info("calls")).config;
  });
  site.fed.feed(100);
  site.startSink();
  await site.caughtUp();
  const { config, streams } = await manage(site.server.url, async (manager) => ({
    config: (await manager.streams.info("calls")).config,
    streams: await manager.streams.names().next(),
  }));
  assert.deepEqual(config, before);
  assert.deepEqual(streams, ["calls"]);
  assert.equal(await messageCount(site.server.url, "calls"), 100);
});

test("a stream of the wanted name that takes other subjects is left alone, and the sink says so", async () => {
  await using site = await DeliverySite.open();
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "cdr", subjects: ["other"] });
  });
  site.fed.feed(10);
  site.startSink();
  await site.state("no_stream");
  const change = { subjects: ["other", "ks.cdr.>"] };
  await manage(site.server.url, (manager) => manager.streams.update("cdr", change));
  await site.caughtUp();
  await site.assertDelivered();
});

test("where no stream may be made, the sink waits for one", async () => {
  await using site = await DeliverySite.open({ wantedStream: null });
  site.fed.feed(10);
  site.startSink();
  await site.state("no_stream");
  await manage(site.server.url, async (manager) => {
    assert.deepEqual(await manager.streams.names().next(), []);
    await manager.streams.add({ name: "cdr", subjects: ["ks.>"] });
  });
  await site.caughtUp();
  await site.assertDelivered();
});

test("a server without JetStream is called no_stream, and JetStream switched on is found", async () => {
  await using site = await DeliverySite.open({
    server: {
      configuration: `
        accounts {
          plain { users [{ user: "u", password: "p" }] }
          site { jetstream: enabled, users [{ user: "reader", password: "p" }] }
        }
        no_auth_user: reader`,
    },
  });
  const signedIn = site.connection();
  site.connection = () => ({ ...signedIn, user: "u", pass: "p" });
  site.fed.feed(10);
  site.startSink();
  await site.state("no_stream");
  site.connection = () => signedIn;
  await site.caughtUp();
  await site.assertDelivered();
});

test("a stream that is full holds the sink, which goes on when it is raised", async () => {
  await using site = await DeliverySite.open();
  await manage(site.server.url, async (manager) => {
    const limits = { max_msgs: 100, discard: "new" } as const;
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], ...limits });
  });
  site.fed.feed(400);
  site.startSink();
  await site.state("storage_full");
  await waitFor("its use", () => site.kinds().includes("stream_storage_critical"));
  const told = site.notices.length;
  const states = new Set<string>();
  const look = setInterval(() => states.add(site.sink.status.state), 1);
  const attempts = countAttempts(site);
  await waitFor("five more attempts", () => attempts() >= 5);
  clearInterval(look);
  assert.deepEqual([...states], ["storage_full"], "it does not claim to deliver meanwhile");
  assert.deepEqual(site.notices.slice(told), [], "and says so only once");
  assert.equal(await messageCount(site.server.url, "cdr"), 100);
  await manage(site.server.url, (manager) => manager.streams.update("cdr", { max_msgs: 10_000 }));
  await site.caughtUp();
  await site.assertDelivered();
  await site.state("delivering");
});

test("a stream that is full and emptied again and again gets each record once, in order", async () => {
  await using site = await DeliverySite.open();
  const { url } = site.server;
  await manage(url, async (manager) => {
    const limits = { max_msgs: 100, discard: "new" } as const;
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], ...limits });
  });
  site.fed.feed(250);
  site.startSink();
  const taken: number[] = [];
  for (const room of [100, 100, 50]) {
    await waitFor("what there is room for", async () => await messageCount(url, "cdr") === room);
    if (room === 100) await site.state("storage_full");
    const stored = await readStream(url, "cdr");
    taken.push(...stored.map(({ headers }) => Number(headers["Nectar-Sequence"])));
    await manage(url, (manager) => manager.streams.purge("cdr"));
  }
  await site.caughtUp();
  await site.state("delivering");
  assert.deepEqual(taken, Array.from({ length: 250 }, (_, i) => i + 1));
  assert.equal(await messageCount(url, "cdr"), 0, "nothing is sent again");
});

/** How often the sink has asked for its connection since the call. */
function countAttempts(site: DeliverySite): () => number {
  const connection = site.connection;
  let attempts = 0;
  site.connection = () => {
    attempts += 1;
    return connection();
  };
  return () => attempts;
}

test("records larger than max_payload are set aside once, and the rest goes on in order", async () => {
  await using site = await DeliverySite.open({ server: { configuration: "max_payload: 1KB" } });
  await feedWithLarge(site);
  site.startSink();
  await site.caughtUp();
  await site.assertDelivered([51, 102]);
  assert.equal(site.kinds().filter((kind) => kind === "rejected_record").length, 2);
  await site.stopSink();
  site.startSink();
  await site.caughtUp();
  assert.equal(site.kinds().filter((kind) => kind === "rejected_record").length, 2);
});

test("records larger than the stream's max_msg_size are set aside, and the rest goes on", async () => {
  await using site = await DeliverySite.open();
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], max_msg_size: 1000 });
  });
  await feedWithLarge(site);
  site.startSink();
  await site.caughtUp();
  await site.assertDelivered([51, 102]);
  const told = site.notices.filter(({ kind }) => kind === "rejected_record");
  assert.deepEqual(told.map(({ details }) => details?.["sequence"]), [51, 102]);
});

/** 150 small records with two large ones among them, 51 and 102. */
function feedWithLarge(site: DeliverySite): void {
  for (const [small, large] of [[50, true], [50, true], [50, false]] as const) {
    site.fed.feed(small);
    if (large) site.fed.feedLine(new Uint8Array(2000).fill(0x41));
  }
}

test("channels on one subject, strangers' messages and another box's do not disturb each other", async () => {
  await using site = await DeliverySite.open({ sides: ["A1", "B1", "A2"] });
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"] });
  });
  const otherBox = `${site.fed.journal.name}/${"0".repeat(32)}/`;
  let strangers = 0;
  const publishAsStranger = (): Promise<void> =>
    withConnection(site.server.url, async (connection) => {
      const client = jetstream(connection);
      for (let i = 0; i < 40; i++) {
        strangers += 1;
        const id = strangers % 2 === 0 ? { msgID: `${otherBox}${strangers}` } : {};
        await client.publish("ks.cdr.test", "stranger", id);
      }
    });
  for (let round = 0; round < 4; round++) {
    for (const fed of site.journals) fed.feed(100);
    site.startSink();
    await Promise.all([publishAsStranger(), site.caughtUp()]);
    await site.stopSink();
    if (round === 1) site.loseCursors();
    if (round === 2) writeFileSync(site.cursorPath, '{"1429010002-A1": {"next": "garbage"');
  }
  const stored = await readStream(site.server.url, "cdr");
  assert.equal(stored.length, 3 * 400 + strangers);
  for (const fed of site.journals) {
    const { name, epoch } = fed.journal;
    const mine = stored.filter(({ id }) => id.startsWith(`${name}/${epoch}/`));
    assert.deepEqual(
      mine.map(({ id }) => id),
      Array.from({ length: 400 }, (_, i) => `${name}/${epoch}/${i + 1}`),
    );
  }
});

test("a channel whose subject goes to another stream keeps its own place in it", async () => {
  await using site = await DeliverySite.open({
    sides: ["A1", "B1"],
    subject: (side) => `ks.cdr.${side}`,
  });
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "busy", subjects: ["ks.cdr.A1"] });
    await manager.streams.add({ name: "quiet", subjects: ["ks.cdr.B1"] });
  });
  const [busy, quiet] = site.journals;
  busy?.feed(500);
  quiet?.feed(3);
  site.startSink();
  await site.caughtUp();
  await site.stopSink();
  const cursors = JSON.parse(Deno.readTextFileSync(site.cursorPath));
  assert.equal(cursors["1429010002-A1"].searched, 500);
  assert.equal(cursors["1429010002-B1"].searched, 3);
});
