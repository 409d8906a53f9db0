import assert from "node:assert/strict";
import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import type { MsgHdrs } from "@nats-io/transport-node";
import { messageHeaders } from "../../src/delivery/message.ts";
import { WireHeaders } from "../../src/delivery/wire_headers.ts";
import { type RecordEnd } from "../../src/record.ts";

function fields(sequence: number, end: RecordEnd = "idle"): [string, string][] {
  const epoch = "0123456789abcdef0123456789abcdef";
  const timeMs = Date.UTC(2025, 11, 3, 15, 4, 5, sequence % 1000);
  return messageHeaders("1429010002-A1", { sequence, epoch, timeMs, end, damaged: false });
}

/** What the client puts on the wire. */
function wire(headers: MsgHdrs): Uint8Array {
  assert.ok("encode" in headers && typeof headers.encode === "function");
  return headers.encode();
}

Deno.test("headers are written as the client writes its own, and stay so until they are sent", () => {
  const headers = new WireHeaders();
  const written = Array.from({ length: 2000 }, (_, i) => wire(headers.write(fields(i + 1))));
  for (const [i, bytes] of written.entries()) {
    const own = new MsgHdrsImpl();
    for (const [name, value] of fields(i + 1)) own.set(name, value);
    assert.deepEqual(bytes, own.encode());
  }
});

Deno.test("headers that have no room are refused, and not cut", () => {
  const headers = new WireHeaders();
  assert.throws(() => headers.write([["Nectar-Mark", "x".repeat(70_000)]]), /encode headers/);
});
