import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { freePort } from "../support/free_port.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { latin1, Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitForValue } from "../support/wait_for.ts";
import { WebSocketFeed } from "../support/websocket_feed.ts";

const rounds = 2;
const perRound = 100;

requires(natsServer).test(
  "a WebSocket feed whose server restarts reaches the stream, complete and in order",
  async () => {
    await using stack = new AsyncDisposableStack();
    const port = freePort();
    const messages = ['{"subscribe":"calls"}'];
    const site = stack.use(
      new Site({
        ports: 0,
        otherPorts: [{ type: "websocket", url: `ws://127.0.0.1:${port}/feed`, messages }],
        recovery: { reconnect_delay_sec: 0.05, max_reconnect_delay_sec: 0.2 },
      }),
    );
    const storeFolder = site.folder.join("nats");
    const server = stack.use(await NatsServer.start({ program: natsProgram, storeFolder }));
    site.useServer(server.url);
    await site.collector.start();
    const sent: string[] = [];
    for (let round = 0; round < rounds; round++) {
      await using feed = new WebSocketFeed({ port });
      const client = await feed.client();
      await waitForValue("what is sent first", () => client.received, ({ length }) => length === 1);
      assert.deepEqual(client.received, messages);
      for (let i = 0; i < perRound; i++) {
        const text = `${round}-${i} 5555550123\n  with a second line ${"x".repeat(i * 20)}`;
        client.send(text);
        sent.push(text);
      }
      await waitForValue(
        "all of it in the stream",
        () => messageCount(server.url, "cdr"),
        (count) => count === sent.length,
        { timeoutMs: 30_000, intervalMs: 50 },
      );
    }
    assert.equal(await site.collector.stop(), 0);
    const stored = await readStream(server.url, "cdr");
    const texts = stored.map(({ payload }) => latin1(payload).replace(/^(\[[^\]]*\]){3} /, ""));
    assert.deepEqual(texts, sent.map((text) => `${text}\n`));
    assert.equal(stored.map(({ payload }) => latin1(payload)).join(""), site.logText(0));
  },
);
