// The disk of the journals fills up while records are posted, and is freed again.

import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { freePort } from "../support/free_port.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { program, requires, root } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitFor } from "../support/wait_for.ts";

/** In the long form, HTTP_FULL_MS=8000, longer than a sender waits for its answer. */
const fullMs = Number(Deno.env.get("HTTP_FULL_MS") ?? 800);
const clients = 4;

requires(root, program("mount"), natsServer).test(
  "posts to a disk that is full are answered when it has room again, and each is kept once",
  async () => {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(new MemoryFileSystem({ megabytes: 8 }));
    const port = freePort();
    const site = new Site({
      ports: 0,
      otherPorts: [{ type: "http", path: "/cdr", listen_port: port }],
      logFolder: disk.join("log"),
      logging: { max_size_mb: 0.1, max_backups: 1000 },
      journal: { min_free_mb: 0 },
    });
    stack.use(site);
    const storeFolder = site.folder.join("nats");
    const server = await NatsServer.start({ program: natsProgram, storeFolder });
    stack.use(server);
    site.useServer(server.url);
    await site.collector.start();
    const statuses: number[] = [];
    let isOver = false;
    const send = async (client: number): Promise<string[]> => {
      const sent: string[] = [];
      while (!isOver) {
        const body = `${client}-${sent.length} ${"x".repeat(3000)}`;
        for (let status = 0; status !== 200;) {
          const url = `http://127.0.0.1:${port}/cdr`;
          const answer = await fetch(url, { method: "POST", body });
          await answer.text();
          status = answer.status;
          statuses.push(status);
          if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
        }
        sent.push(body);
      }
      return sent;
    };
    const sending = Array.from({ length: clients }, (_, client) => send(client));
    const someMore = (): Promise<void> => {
      const before = statuses.length;
      return waitFor("some more answers", () => statuses.length >= before + 40, {
        timeoutMs: 30_000,
      });
    };
    await someMore();
    disk.fill();
    await new Promise((resolve) => setTimeout(resolve, fullMs));
    const answered = statuses.length;
    disk.free();
    await someMore();
    isOver = true;
    const sent = (await Promise.all(sending)).flat();
    await waitFor("all in the stream", async () => {
      return await messageCount(server.url, "cdr") >= sent.length;
    }, { timeoutMs: 30_000, intervalMs: 100 });
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(server.url, "cdr");
    const bodies = stored.map(({ payload }) => {
      const text = latin1(payload);
      return text.slice(text.indexOf("\n\n") + 2, -1);
    });
    assert.deepEqual(bodies.toSorted(), sent.toSorted());
    const refused = statuses.filter((status) => status === 503).length;
    console.log(
      `${sent.length} posts, ${answered} answers before it was freed, ${refused} refused`,
    );
    assert.ok(fullMs < 6000 || refused >= clients);
  },
);
