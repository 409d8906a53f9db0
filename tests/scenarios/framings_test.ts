import assert from "node:assert/strict";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { bytesOf, textOf } from "../support/journal_box.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { Site } from "../support/site.ts";
import { messageCount, readStream } from "../support/stream_contents.ts";
import { waitFor, waitForValue } from "../support/wait_for.ts";

const { test } = requires(natsServer);

function norstarCall(station: number): string[] {
  return [
    `-------- 06/14/24 09:12:00 LINE = 0001 STN = ${station}\r\n`,
    "CALLING NUMBER 5555550142\r\n",
    "00:01:35 CALL RELEASED\r\n",
  ];
}

test("a call of three lines is one record in file and stream, though each of its lines was followed by a kill", async () => {
  await using site = new Site({
    ports: 1,
    portKeys: {
      baud_rate: 1200,
      framing: { mode: "pattern", first_characters: "-" },
      // Only the next call ends one.
      idle_flush_ms: 3_600_000,
    },
  });
  await using server = await NatsServer.start({
    program: natsProgram,
    storeFolder: site.folder.join("nats"),
  });
  site.useServer(server.url);
  await site.collector.start();
  const calls = [221, 222, 223].map((station) => norstarCall(station).join(""));
  let sent = "";
  for (const line of norstarCall(221)) {
    await site.terminals[0]?.write(bytesOf(line));
    sent += line;
    await waitFor("the line in the log", () => site.logText(0).endsWith(sent));
    await site.collector.kill();
    await site.collector.start();
  }
  await site.terminals[0]?.write(bytesOf(calls.slice(1).join("")));
  await waitForValue(
    "two calls in the stream",
    () => messageCount(server.url, "cdr"),
    (messages) => messages >= 2,
    { timeoutMs: 20_000 },
  );
  const stored = await readStream(server.url, "cdr");
  const header = /^\[1429010002\]\[A1\]\[[^\]]*\] /;
  assert.deepEqual(
    stored.map(({ payload }) => textOf(payload).replace(header, "")),
    calls.slice(0, 2),
  );
  assert.deepEqual(stored.map(({ headers }) => headers["Nectar-Mark"]), [undefined, undefined]);
  assert.equal(await site.collector.stop(), 0);
  const log = site.logText(0);
  assert.ok(log.startsWith(stored.map(({ payload }) => textOf(payload)).join("")));
  assert.equal(log.replaceAll(new RegExp(header, "gm"), ""), calls.join(""));
});
