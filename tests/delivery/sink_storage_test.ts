import assert from "node:assert/strict";
import { DeliverySite } from "../support/delivery_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { manage } from "../support/stream_contents.ts";
import { waitFor } from "../support/wait_for.ts";

const { test } = requires(natsServer);

/** Makes the stream, delivers so many records, and waits until its use is known. */
async function filled(
  site: DeliverySite,
  count: number,
  limits: Readonly<Record<string, string | number>>,
): Promise<void> {
  await manage(site.server.url, async (manager) => {
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"], ...limits });
  });
  site.fed.feed(count);
  site.startSink();
  await site.caughtUp();
  await site.stopSink();
  site.notices.length = 0;
  site.startSink();
  await site.state("delivering");
  await waitFor("the stream's use", () => site.sink.status.storage.length > 0);
}

test("status tells how full a stream is, and the log when it is nearly full", async () => {
  await using site = await DeliverySite.open();
  await filled(site, 85, { max_msgs: 100, discard: "new" });
  assert.deepEqual(site.sink.status.storage, [
    { stream: "cdr", share: 0.85, limit: "max_msgs", level: "warning", dropsOldest: false },
  ]);
  assert.deepEqual(site.kinds(), ["sink_connected", "stream_storage_warning"]);
});

test("a stream that is found full is asked for at once", async () => {
  await using site = await DeliverySite.open();
  await filled(site, 10, { max_msgs: 100, discard: "new" });
  site.fed.feed(200);
  await site.state("storage_full");
  await waitFor("the stream's use", () => site.sink.status.storage[0]?.level === "critical");
  assert.ok(site.kinds().includes("stream_storage_critical"));
});

test("a stream that drops old records silently is told at the start, one that only forgets by age is not", async () => {
  await using site = await DeliverySite.open();
  await filled(site, 10, { max_bytes: 1_000_000, max_age: 3_600_000_000_000 });
  assert.deepEqual(site.kinds(), ["sink_connected", "stream_drops_old"]);
  await using aged = await DeliverySite.open();
  await filled(aged, 10, { max_age: 3_600_000_000_000 });
  assert.deepEqual(aged.kinds(), ["sink_connected"]);
});

const accounts = `
  accounts {
    site {
      jetstream { max_file: 100KB }
      users [
        { user: "all", password: "p" }
        { user: "some", password: "p", permissions: { publish: { deny: "$JS.API.INFO" } } }
      ]
    }
  }
  no_auth_user: all`;

test("the limits of the account count, where the user may ask for them, and a refusal harms nothing", async () => {
  await using site = await DeliverySite.open({ server: { configuration: accounts } });
  await filled(site, 200, {});
  const [use] = site.sink.status.storage;
  assert.equal(use?.limit, "account");
  assert.ok((use?.share ?? 0) > 0.5);
  await site.stopSink();
  const { server } = site;
  site.connection = () => ({ servers: server.url, user: "some", pass: "p" });
  site.startSink();
  await waitFor("the stream's use", () => site.sink.status.storage.length > 0);
  assert.equal(site.sink.status.storage[0]?.limit, null);
  site.fed.feed(10);
  await site.caughtUp();
  assert.equal(site.sink.status.state, "delivering");
  assert.ok(!site.kinds().includes("sink_unauthorized"));
  await site.assertDelivered();
});
