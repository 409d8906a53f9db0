import assert from "node:assert/strict";
import { headers } from "@nats-io/transport-node";
import fc from "fast-check";
import {
  formatMessageId,
  messageBytes,
  messageHeaders,
  parseMessageId,
} from "../../src/delivery/message.ts";
import type { JournalRecord, RecordEnd } from "../../src/record.ts";
import { NatsServer } from "../../src/simulate/nats_server.ts";
import { natsProgram, natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { withConnection } from "../support/stream_contents.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const channel = "1429010002-A1";
const epoch = "0123456789abcdef0123456789abcdef";

function record(end: RecordEnd, line: Uint8Array = new Uint8Array(0)): JournalRecord {
  return {
    sequence: 42,
    epoch,
    timeMs: Date.UTC(2025, 11, 3, 15, 4, 5, 123),
    end,
    damaged: false,
    line,
  };
}

Deno.test("a message id gives its identity back, whatever the channel and the number", () => {
  const identity = fc.record({
    channel: fc.tuple(
      fc.stringMatching(/^\d{10}$/),
      fc.constantFrom("A", "B"),
      fc.integer({ min: 1, max: 16 }),
    ).map(([fips, side, number]) => `${fips}-${side}${number}`),
    epoch: fc.stringMatching(/^[0-9a-f]{32}$/),
    sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  });
  fc.assert(fc.property(identity, (value) => {
    assert.deepEqual(parseMessageId(formatMessageId(value)), { ...value });
  }));
});

Deno.test("an id that is not ours has no identity", () => {
  const good = `${channel}/${epoch}/42`;
  assert.notEqual(parseMessageId(good), null);
  const bad = [
    "",
    "42",
    `${channel}/${epoch}/0`,
    `${channel}/${epoch}/042`,
    `${channel}/${epoch}/-1`,
    `${channel}/${epoch}/42 `,
    `${channel}/${epoch}/42/1`,
    `${channel}/${epoch.slice(1)}/42`,
    `${channel}/${epoch.toUpperCase()}/42`,
    `1429010002-C1/${epoch}/42`,
    `142901000-A1/${epoch}/42`,
    ` ${good}`,
    `${good}\n`,
  ];
  for (const id of bad) assert.equal(parseMessageId(id), null, JSON.stringify(id));
  fc.assert(fc.property(fc.string(), (id) => parseMessageId(id) === null));
});

Deno.test("the headers name channel, number and time of a whole record, and nothing else", () => {
  assert.deepEqual(messageHeaders(channel, record("line_feed")), [
    ["Nats-Msg-Id", `${channel}/${epoch}/42`],
    ["Nectar-Channel", channel],
    ["Nectar-Sequence", "42"],
    ["Nectar-Time", "2025-12-03T15:04:05.123Z"],
  ]);
});

Deno.test("a record whose bytes may stand elsewhere is marked, with how it ended", () => {
  const marks = (["carriage_return", "recovered", "too_long", "idle", "hang_up", "stop"] as const)
    .map((end) => new Map(messageHeaders(channel, record(end))).get("Nectar-Mark"));
  assert.deepEqual(marks, [
    undefined,
    undefined,
    "cut; too_long",
    "partial; idle",
    "partial; hang_up",
    "partial; stop",
  ]);
});

Deno.test("a record whose bytes arrived damaged is marked, besides how it ended", () => {
  const marks = (["line_feed", "idle"] as const).map((end) =>
    new Map(messageHeaders(channel, { ...record(end), damaged: true })).get("Nectar-Mark")
  );
  assert.deepEqual(marks, ["damaged", "partial; idle; damaged"]);
});

requires(natsServer).test(
  "messageBytes() counts as the client and the server do, to the byte",
  async () => {
    using folder = new TemporaryFolder();
    await using server = await NatsServer.start({
      program: natsProgram,
      storeFolder: folder.path,
      configuration: "max_payload: 1KB",
    });
    for (const end of ["line_feed", "hang_up"] as const) {
      const fields = messageHeaders(channel, record(end));
      const messageHeader = headers();
      for (const [name, value] of fields) messageHeader.set(name, value);
      const room = 1024 - messageBytes(fields, new Uint8Array(0));
      const publish = (length: number): Promise<void> =>
        withConnection(server.url, async (connection) => {
          connection.publish("x", new Uint8Array(length), { headers: messageHeader });
          await connection.flush();
        });
      await publish(room);
      await assert.rejects(publish(room + 1), { name: "InvalidArgumentError" });
    }
    assert.equal(server.log.filter((line) => line.includes("maximum payload")).length, 0);
  },
);

Deno.test("what a box tells of itself has ids of the same form", () => {
  for (const channel of ["events", "health"]) {
    const identity = { channel, epoch, sequence: 7 };
    assert.deepEqual(parseMessageId(formatMessageId(identity)), identity);
  }
  assert.equal(parseMessageId(`alert/${epoch}/7`), null);
});
