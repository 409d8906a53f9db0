import assert from "node:assert/strict";
import {
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
} from "@nats-io/jetstream";
import { NatsAccount } from "../../src/delivery/nats_storage.ts";
import { NatsStream, type NatsStreamOptions } from "../../src/delivery/nats_stream.ts";
import { StreamAdvisories } from "../../src/delivery/stream_advisories.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { withConnection } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const { test } = requires(natsServer);
const id = (sequence: number): string => `1429010002-A1/${"0".repeat(32)}/${sequence}`;

/** Twenty messages of ours, every third of another subject, and strangers among them. */
async function withStream(
  name: string,
  use: (stream: NatsStream, options: NatsStreamOptions) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  await using server = await NatsServer.start({ program: natsProgram, storeFolder: folder.path });
  await withConnection(server.url, async (connection) => {
    const manager = await jetstreamManager(connection);
    const client = jetstream(connection);
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"] });
    for (let sequence = 1; sequence <= 20; sequence++) {
      const subject = sequence % 3 === 0 ? "ks.cdr.other" : "ks.cdr.test";
      await client.publish(subject, "line", { msgID: id(sequence) });
    }
    await client.publish("ks.cdr.test", "stranger", { msgID: "stranger" });
    await client.publish("ks.cdr.test", "stranger");
    await manager.streams.deleteMessage("cdr", 4);
    const options = {
      client,
      manager,
      name,
      subject: "ks.cdr.test",
      account: new NatsAccount(() => manager.getAccountInfo()),
      advisories: new StreamAdvisories(connection),
    };
    await use(new NatsStream(options), options);
  });
}

test("a stream finds our messages on the subject between both ends, in order", async () => {
  await withStream("cdr", async (stream) => {
    const { created, leadership: _, ...extent } = await stream.extent();
    assert.deepEqual(extent, { firstSequence: 1, lastSequence: 22 });
    assert.ok(Date.parse(created) <= Date.now());
    const find = async (from: number, to: number): Promise<number[]> => {
      const found: number[] = [];
      await stream.each(from, to, ({ sequence }) => found.push(sequence));
      return found;
    };
    assert.deepEqual(await find(1, 22), [1, 2, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20]);
    assert.deepEqual(await find(3, 9), [5, 7, 8]);
    assert.equal(new TextDecoder().decode(await stream.payload(21) ?? undefined), "stranger");
    assert.equal(await stream.payload(4), null, "deleted");
    assert.deepEqual(await find(3, 4), []);
    assert.deepEqual(await find(21, 22), []);
    assert.deepEqual(await find(23, 22), []);
  });
});

test("what is read from a server that lags behind the leader is waited for", async () => {
  await withStream("cdr", async (_, options) => {
    const { client, manager } = options;
    const streams = Object.create(manager.streams, {
      getMessage: { value: () => Promise.resolve({ seq: 24 }) },
    });
    const leader: JetStreamManager = Object.create(manager, { streams: { value: streams } });
    const lagging = new NatsStream({ ...options, manager: leader });
    const found: number[] = [];
    await lagging.each(17, 24, ({ sequence }) => {
      found.push(sequence);
      if (sequence !== 20) return;
      client.publish("ks.cdr.test", "line", { msgID: id(21) });
      client.publish("ks.cdr.test", "line", { msgID: id(22) });
    });
    assert.deepEqual(found, [17, 19, 20, 21, 22]);
  });
});

test("a server that never answers for a consumer is asked for another one", async () => {
  await withStream("cdr", async (_, options) => {
    const { consumers } = options.client;
    let asked = 0;
    const get = (...wanted: Parameters<typeof consumers.get>) =>
      asked++ === 0 ? new Promise(() => {}) : consumers.get(...wanted);
    const client: JetStreamClient = Object.create(options.client, {
      consumers: { value: Object.create(consumers, { get: { value: get } }) },
    });
    const found: number[] = [];
    const stream = new NatsStream({ ...options, client });
    await stream.each(17, 22, ({ sequence }) => found.push(sequence));
    assert.deepEqual(found, [17, 19, 20]);
  });
});

test("messageId() is null where there is no message, and only there", async () => {
  await withStream("cdr", async (stream) => {
    assert.equal(await stream.messageId(3), id(3));
    assert.equal(await stream.messageId(4), null, "deleted");
    assert.equal(await stream.messageId(99), null, "not there yet");
    assert.equal(await stream.messageId(22), "", "without an id");
  });
  await withStream("none", async (stream) => {
    await assert.rejects(stream.messageId(1), { name: "StreamNotFoundError" });
  });
});
