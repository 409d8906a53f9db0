import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { defaultMaxRecordBytes } from "../../src/framer/line_framer.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { Site } from "../support/site.ts";
import { messageCount, readStream, type StoredMessage } from "../support/stream_contents.ts";
import { waitForValue } from "../support/wait_for.ts";

const LF = 0x0a;
const CR = 0x0d;
const headerBytes = "[1429010002][A1][2026-01-31 12:00:00.000] ".length;

const { test } = requires(natsServer);

test("a record with every byte but CR and LF is the same in file and stream", async () => {
  const record = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    .filter((byte) => byte !== LF && byte !== CR);
  const { log, stored } = await capture(Uint8Array.of(...record, CR, LF), 1);
  assert.deepEqual(log.subarray(headerBytes, -1), Buffer.from(record));
  assert.equal(log.at(-1), LF);
  assert.deepEqual(Buffer.from(stored[0]?.payload ?? []), log);
});

test("a record of 2 MiB without an end is cut, marked, delivered, and no byte is missing", async () => {
  const record = new Uint8Array(2 * 1024 * 1024).map((_, i) => 32 + i % 90);
  const { stored } = await capture(Buffer.concat([record, Uint8Array.of(LF)]), 3);
  const bodies = stored.map(({ payload }) => Buffer.from(payload.subarray(headerBytes, -1)));
  assert.ok(Buffer.concat(bodies).equals(record));
  assert.deepEqual(bodies.map(({ length }) => length), [
    defaultMaxRecordBytes,
    defaultMaxRecordBytes,
    record.length - 2 * defaultMaxRecordBytes,
  ]);
  assert.deepEqual(stored.map(({ headers }) => headers["Nectar-Mark"]), [
    "cut; too_long",
    "cut; too_long",
    undefined,
  ]);
});

/** Sends bytes to a port and waits until `count` records of them are in the stream. */
async function capture(
  bytes: Uint8Array,
  count: number,
): Promise<{ readonly log: Buffer; readonly stored: readonly StoredMessage[] }> {
  await using site = new Site({ ports: 1 });
  await using server = await NatsServer.start({
    program: natsProgram,
    storeFolder: site.folder.join("nats"),
  });
  site.useServer(server.url);
  await site.collector.start();
  await site.terminals[0]?.write(bytes);
  await waitForValue(
    "the records in the stream",
    () => messageCount(server.url, "cdr"),
    (messages) => messages >= count,
    { timeoutMs: 20_000 },
  );
  assert.equal(await site.collector.stop(), 0);
  const log = Buffer.from(Deno.readFileSync(site.folder.join("log", `${site.channel(0)}.log`)));
  return { log, stored: await readStream(server.url, "cdr") };
}
