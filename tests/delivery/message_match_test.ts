import assert from "node:assert/strict";
import { messageHeaders } from "../../src/delivery/message.ts";
import { byteDifference, headerDifferences } from "../../src/delivery/message_match.ts";
import type { RecordEnd } from "../../src/record.ts";

const channel = "1429010002-A1";
const epoch = "0".repeat(32);

function differences(end: RecordEnd, change: Record<string, string>): string[] {
  const record = { sequence: 7, epoch, timeMs: 1000, end, damaged: false };
  const fields: Record<string, string> = {
    ...Object.fromEntries(messageHeaders(channel, record)),
    ...change,
  };
  return headerDifferences(channel, record, { header: (name) => fields[name] ?? "" });
}

Deno.test("headers: each that is missing, different or too many is named", () => {
  assert.deepEqual(differences("line_feed", {}), []);
  assert.deepEqual(differences("idle", {}), []);
  assert.deepEqual(differences("line_feed", { "Nats-Msg-Id": "", "Nectar-Sequence": "8" }), [
    "header Nats-Msg-Id is missing",
    'header Nectar-Sequence is "8", not "7"',
  ]);
  assert.equal(differences("line_feed", { "Nectar-Mark": "damaged" }).length, 1);
  assert.equal(differences("idle", { "Nectar-Mark": "" }).length, 1);
});

Deno.test("headers: of a record whose index was made anew nobody knows the mark", () => {
  assert.deepEqual(differences("recovered", { "Nectar-Mark": "partial; idle" }), []);
});

Deno.test("bytes: the first that differs is named, and other lengths", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  assert.equal(byteDifference(bytes("abc"), bytes("abc")), null);
  assert.match(byteDifference(bytes("abc"), bytes("aXc")) ?? "", /from byte 2 on/);
  assert.match(
    byteDifference(bytes("abc"), bytes("ab")) ?? "",
    /2 in the stream, 3 in the journal/,
  );
  assert.match(
    byteDifference(bytes("ab"), bytes("abc")) ?? "",
    /3 in the stream, 2 in the journal/,
  );
});
