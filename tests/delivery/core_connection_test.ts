import assert from "node:assert/strict";
import { CoreConnection } from "../../src/delivery/core_connection.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { waitFor } from "../support/wait_for.ts";

requires(natsServer).test(
  "over core NATS a publish is settled when the server has read it, not before",
  async () => {
    using folder = new TemporaryFolder();
    const storeFolder = folder.join("store");
    await using server = await NatsServer.start({ program: natsProgram, storeFolder });
    const { signal } = new AbortController();
    const connection = await CoreConnection.open([{ servers: server.url }], signal);
    const settled: number[] = [];
    connection.listen(({ sequence }) => settled.push(sequence));
    const message = { subject: "replay.a1", headers: [], payload: new Uint8Array(10) };
    await server.pause();
    for (const sequence of [1, 2, 3]) connection.publish(message, { feed: 0, sequence });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(settled, []);
    server.resume();
    await waitFor("all to be settled", () => settled.length === 3);
    assert.deepEqual(settled, [1, 2, 3]);
    await server.kill();
    assert.equal((await connection.ended).trouble, "disconnected");
    await connection.close();
  },
);
