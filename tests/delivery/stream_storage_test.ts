import assert from "node:assert/strict";
import {
  silentLimits,
  type StorageLevel,
  storageUse,
  type StreamStorage,
} from "../../src/delivery/stream_storage.ts";

const unlimited: StreamStorage = {
  stream: "cdr",
  bytes: 1000,
  maxBytes: Infinity,
  messages: 10,
  maxMessages: Infinity,
  maxMessagesPerSubject: Infinity,
  dropsOldest: false,
  account: null,
};

/** What a stream of 1000 bytes is called when so many per cent are used, one after the other. */
function levels(...percents: number[]): StorageLevel[] {
  let level: StorageLevel = "ok";
  return percents.map((percent) => {
    level = storageUse({ ...unlimited, bytes: percent * 10, maxBytes: 1000 }, level).level;
    return level;
  });
}

Deno.test("a stream is called full at 80 and 95 %, and not again before it was well below", () => {
  assert.deepEqual(levels(79, 80, 94, 95), ["ok", "warning", "warning", "critical"]);
  assert.deepEqual(levels(95, 90, 89, 75, 74), [
    "critical",
    "critical",
    "warning",
    "warning",
    "ok",
  ]);
  assert.deepEqual(levels(80, 79, 76, 80, 74, 79, 80), [
    ...["warning", "warning", "warning", "warning"],
    ...["ok", "ok", "warning"],
  ]);
  assert.deepEqual(levels(120, 10), ["critical", "ok"]);
});

Deno.test("the fullest limit counts: of bytes, of messages, of the account", () => {
  const use = (change: Partial<StreamStorage>) => storageUse({ ...unlimited, ...change }, "ok");
  assert.deepEqual(use({}), {
    stream: "cdr",
    share: 0,
    limit: null,
    level: "ok",
    dropsOldest: false,
  });
  const both = { maxBytes: 2000, maxMessages: 11 };
  assert.equal(use(both).limit, "max_msgs");
  assert.equal(use({ ...both, messages: 1 }).limit, "max_bytes");
  assert.equal(use({ ...both, account: { bytes: 99, maxBytes: 100 } }).limit, "account");
  assert.equal(use({ ...both, account: { bytes: 99, maxBytes: Infinity } }).limit, "max_msgs");
});

Deno.test("a stream that drops its oldest does so at its own limits; a full account refuses", () => {
  const dropping = { ...unlimited, dropsOldest: true, maxMessages: 10 };
  assert.equal(storageUse(dropping, "ok").dropsOldest, true);
  const account = { bytes: 300, maxBytes: 100 };
  assert.equal(storageUse({ ...dropping, account }, "ok").dropsOldest, false);
  assert.deepEqual(silentLimits(dropping), ["max_msgs 10"]);
  assert.deepEqual(silentLimits({ ...dropping, maxBytes: 5, maxMessagesPerSubject: 3 }), [
    "max_bytes 5",
    "max_msgs 10",
    "max_msgs_per_subject 3",
  ]);
  assert.deepEqual(silentLimits({ ...dropping, dropsOldest: false }), []);
  assert.deepEqual(silentLimits({ ...unlimited, dropsOldest: true }), []);
});
