import assert from "node:assert/strict";
import fc from "fast-check";
import { type Outcome, readOutcome } from "../../src/delivery/outcome.ts";

function reply(value: unknown, status?: number): Outcome {
  return readOutcome(new TextEncoder().encode(JSON.stringify(value)), status);
}

/** What a refusal with this code and text means, in short. */
function refused(code: number, description = "refused"): string {
  const outcome = reply({ error: { code: 400, err_code: code, description } });
  if (outcome.kind === "hold") return `hold ${outcome.trouble}`;
  return outcome.kind;
}

Deno.test("an acknowledgement is stored, also when the message was there already", () => {
  const stored = { kind: "stored", stream: "cdr" };
  assert.deepEqual(reply({ stream: "cdr", seq: 7 }), {
    ...stored,
    streamSequence: 7,
    duplicate: false,
  });
  assert.deepEqual(reply({ stream: "cdr", seq: 5, duplicate: true }), {
    ...stored,
    streamSequence: 5,
    duplicate: true,
  });
});

Deno.test("no responders means that no stream takes the subject", () => {
  const outcome = readOutcome(new Uint8Array(0), 503);
  assert.equal(outcome.kind === "hold" && outcome.trouble, "no_stream");
});

Deno.test("a server without room is held on to", () => {
  assert.equal(refused(10077, "maximum messages exceeded"), "hold storage_full");
  for (const code of [10023, 10047, 10028]) assert.equal(refused(code), "hold storage_full");
});

Deno.test("a cluster without a leader is not taken for a full one", () => {
  assert.equal(refused(10008, "JetStream system temporarily unavailable"), "hold stalled");
  for (const code of [10005, 10009, 10041, 10118]) assert.equal(refused(code), "hold stalled");
});

Deno.test("only a record that can never be taken is rejected", () => {
  assert.equal(refused(10054, "message size exceeds maximum allowed"), "rejected");
  assert.equal(refused(10077, "message size exceeds maximum allowed"), "rejected");
  assert.equal(refused(10060, "expected stream does not match"), "hold no_stream");
  assert.equal(refused(19_999, "something new"), "hold storage_full");
});

Deno.test("the message of an outcome carries the server's words and code", () => {
  const outcome = reply({ error: { err_code: 10077, description: "maximum bytes exceeded" } });
  assert.equal(outcome.kind === "hold" && outcome.message, "maximum bytes exceeded (10077)");
});

Deno.test("an error beside a sequence is not an acknowledgement", () => {
  const both = reply({ stream: "cdr", seq: 0, error: { err_code: 10077, description: "full" } });
  assert.equal(both.kind, "hold");
});

Deno.test("whatever else comes back is held, and never thrown at", () => {
  for (const value of [null, 1, "text", [], {}, { seq: "7" }, { error: {} }, { error: null }]) {
    assert.equal(reply(value).kind, "hold", JSON.stringify(value));
  }
  fc.assert(fc.property(fc.uint8Array(), (data) => {
    assert.equal(readOutcome(data, undefined).kind, "hold");
  }));
});
