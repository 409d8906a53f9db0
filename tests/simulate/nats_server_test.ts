import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { ProgramMissing } from "../../src/simulate/debian_program.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { findNatsServer } from "../../src/simulate/nats_server_program.ts";
import { requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const program = await findNatsServer({ report: (message) => console.log(message) })
  .catch((error) => {
    if (!(error instanceof ProgramMissing)) throw error;
    console.error(error.message);
    return "";
  });
const { test } = requires({ name: "a nats-server", isMet: () => program !== "" });

async function withConnection<Result>(
  server: NatsServer,
  use: (connection: NatsConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await connect({ servers: server.url, reconnect: false });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

function storedMessages(server: NatsServer): Promise<number> {
  return withConnection(server, async (connection) => {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.info("cdr")).state.messages;
  });
}

function publish(server: NatsServer, count: number): Promise<void> {
  return withConnection(server, async (connection) => {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: "cdr", subjects: ["ks.cdr.>"] });
    for (let number = 1; number <= count; number++) {
      await jetstream(connection).publish("ks.cdr.test", `record ${number}`);
    }
  });
}

test("what was acknowledged is there after kill -9 and a restart on the same port", async () => {
  using folder = new TemporaryFolder();
  await using server = await NatsServer.start({
    program,
    storeFolder: folder.join("store"),
    syncInterval: "always",
  });
  const { url } = server;
  await publish(server, 20);
  await server.kill();
  assert.equal(server.running, false);
  await assert.rejects(connect({ servers: url, reconnect: false }));
  await server.restart();
  assert.equal(server.url, url);
  assert.equal(await storedMessages(server), 20);
});

test("stop() ends the server in order, and a restart finds its store", async () => {
  using folder = new TemporaryFolder();
  await using server = await NatsServer.start({ program, storeFolder: folder.path });
  await publish(server, 3);
  await server.stop();
  assert.ok(server.log.some((line) => line.includes("Server Exiting")), server.log.join("\n"));
  await server.restart();
  assert.equal(await storedMessages(server), 3);
});

test("a paused server answers nobody until it is resumed", async () => {
  using folder = new TemporaryFolder();
  await using server = await NatsServer.start({ program, storeFolder: folder.path });
  await withConnection(server, async (connection) => {
    await server.pause();
    let answered = false;
    const answer = connection.flush().then(() => answered = true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(answered, false);
    server.resume();
    await answer;
  });
});

test("a paused server can be stopped", async () => {
  using folder = new TemporaryFolder();
  await using server = await NatsServer.start({ program, storeFolder: folder.path });
  await server.pause();
  await server.stop();
  assert.equal(server.running, false);
});

test("a configuration that the server refuses is an error with the server's words", async () => {
  using folder = new TemporaryFolder();
  await assert.rejects(
    NatsServer.start({ program, storeFolder: folder.path, configuration: "no_such_key: 1" }),
    /no_such_key/,
  );
});

test("the signal stops the server", async () => {
  using folder = new TemporaryFolder();
  const abort = new AbortController();
  await using server = await NatsServer.start({
    program,
    storeFolder: folder.path,
    signal: abort.signal,
  });
  abort.abort();
  await waitFor("the end of the server", () => !server.running);
});

test("the server goes down with a process that is killed", async () => {
  using folder = new TemporaryFolder();
  const script = folder.join("start.ts");
  const source = import.meta.resolve("../../src/simulate/nats_server.ts");
  const options = JSON.stringify({ program, storeFolder: folder.join("store") });
  writeFileSync(
    script,
    `import { NatsServer } from "${source}";
const server = await NatsServer.start(${options});
console.log(server.pid);
setInterval(() => {}, 1000);
`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", script],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const pid = Number((await output.read()).value);
  assert.ok(runs(pid));
  child.kill("SIGKILL");
  await child.status;
  await output.cancel();
  await waitFor(`the end of process ${pid}`, () => !runs(pid));
});

/** A process that has ended but was not reaped has no command line left. */
function runs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}
