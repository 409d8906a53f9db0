import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  readUpgrade,
  UpgradeRefused,
  upgradeRequest,
} from "../../../src/source/websocket/upgrade.ts";

/** RFC 6455, section 1.3. */
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  `Sec-WebSocket-Accept: ${accept}\r\n\r\n`;

Deno.test("upgradeRequest asks as RFC 6455 has it", () => {
  const url = new URL("ws://feed.example:8080/calls?from=1");
  assert.equal(
    upgradeRequest(url, key, { Origin: "https://feed.example" }),
    "GET /calls?from=1 HTTP/1.1\r\nHost: feed.example:8080\r\nUpgrade: websocket\r\n" +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n` +
      "Origin: https://feed.example\r\n\r\n",
  );
});

Deno.test("readUpgrade waits for the whole answer, and gives back what follows it", () => {
  const bytes = Buffer.from(`${answer}\x81\x02hi`, "latin1");
  for (let length = 0; length < answer.length; length++) {
    assert.equal(readUpgrade(bytes.subarray(0, length), key), null);
  }
  assert.deepEqual([...readUpgrade(bytes, key) ?? []], [0x81, 0x02, 0x68, 0x69]);
});

const refusals: readonly (readonly [string, string, number])[] = [
  [answer.replace(accept, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), "not that of a WebSocket server", 101],
  [answer.replace(/Sec-WebSocket-Accept.*\r\n/, ""), "not that of a WebSocket server", 101],
  ["HTTP/1.1 403 Forbidden\r\n\r\n", "it answers 403 Forbidden", 403],
  ["SSH-2.0-OpenSSH_9.2\r\n", "it does not speak HTTP", 0],
  [`HTTP/1.1 101 X\r\nA: ${"x".repeat(70_000)}`, "its answer has no end", 0],
];

for (const [text, message, status] of refusals) {
  Deno.test(`readUpgrade refuses ${JSON.stringify(text.slice(0, 30))}: ${message}`, () => {
    assert.throws(() => readUpgrade(Buffer.from(text), key), (error) => {
      assert.ok(error instanceof UpgradeRefused);
      assert.ok(error.message.includes(message), error.message);
      assert.equal(error.status, status);
      return true;
    });
  });
}
