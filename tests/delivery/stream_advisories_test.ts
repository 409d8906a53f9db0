import assert from "node:assert/strict";
import type { ConnectionOptions } from "@nats-io/transport-node";
import { NatsStreams } from "../../src/delivery/nats_streams.ts";
import type { SubjectStream } from "../../src/delivery/stream_server.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { manage } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitForValue } from "../support/wait_for.ts";

const { test } = requires(natsServer);
const wanted = { name: "cdr", subjects: ["ks.cdr.>"] };

const users = `
  accounts {
    site {
      jetstream: enabled
      users [
        { user: "all", password: "p" }
        { user: "some", password: "p", permissions: { subscribe: { deny: "$JS.EVENT.>" } } }
      ]
    }
  }
  no_auth_user: all`;

/** Uses a stream as a sink does. */
async function withStream(
  options: Omit<ConnectionOptions, "servers">,
  use: (stream: SubjectStream, server: NatsServer) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  const storeFolder = folder.join("store");
  await using server = await NatsServer.start({
    program: natsProgram,
    storeFolder,
    configuration: users,
  });
  const streams = new NatsStreams({
    servers: () => Promise.resolve([{ servers: server.url, ...options }]),
    renewed: () => Promise.resolve(false),
  });
  const connection = await streams.connect(new AbortController().signal);
  let isEnded = false;
  connection.ended.then(() => isEnded = true);
  await use(await connection.stream("ks.cdr.test", wanted), server);
  assert.ok(!isEnded, "the connection is still good");
  await connection.close();
}

/** Which of so many glances have asked for the stream itself. */
async function asking(stream: SubjectStream, count: number): Promise<number[]> {
  const asked: number[] = [];
  for (let i = 1; i <= count; i++) if (await stream.glance() !== null) asked.push(i);
  return asked;
}

test("a stream that the server tells nothing of is asked for at every fifth glance", async () => {
  await withStream({}, async (stream) => {
    // Its own making is told, too.
    await asking(stream, 5);
    assert.deepEqual(await asking(stream, 10), [5, 10]);
  });
});

test("a glance is over when the server has answered, not before", async () => {
  await withStream({}, async (stream, server) => {
    await asking(stream, 5);
    await server.pause();
    let isOver = false;
    const glance = stream.glance().then((extent) => {
      isOver = true;
      return extent;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(!isOver);
    server.resume();
    assert.equal(await glance, null);
  });
});

test("a stream that is deleted, or made anew, is asked for at the next glance", async () => {
  await withStream({}, async (stream, { url }) => {
    await asking(stream, 5);
    const { created } = await stream.extent();
    await manage(url, async (manager) => {
      await manager.streams.delete("cdr");
      await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"] });
    });
    const seen = await waitForValue("a look", () => stream.glance(), (extent) => extent !== null);
    assert.notEqual(seen?.created, created);
    await asking(stream, 5);
    await manage(url, (manager) => manager.streams.delete("cdr"));
    await assert.rejects(asking(stream, 4), /stream not found/);
  });
});

test("where the user may not hear of changes, every glance asks, and the connection goes on", async () => {
  await withStream({ user: "some", pass: "p" }, async (stream) => {
    assert.deepEqual(await asking(stream, 7), [1, 2, 3, 4, 5, 6, 7]);
  });
});
