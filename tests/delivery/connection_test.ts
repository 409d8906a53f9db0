import assert from "node:assert/strict";
import { serverOptions } from "../../src/delivery/connection.ts";

Deno.test("user and password of a URL are for that server alone, and go before those for all", () => {
  const credentials = { user: "all", password: "one" };
  const options = (server: string): unknown => serverOptions("box", server, credentials, {});
  assert.deepEqual(options("nats://b%40x:p%3Aw@hub:4222"), {
    name: "box",
    servers: "nats://hub:4222",
    user: "b@x",
    pass: "p:w",
  });
  assert.deepEqual(options("nats://secret@hub:4222"), {
    name: "box",
    servers: "nats://hub:4222",
    token: "secret",
  });
  assert.deepEqual(options("nats://hub:4222"), {
    name: "box",
    servers: "nats://hub:4222",
    user: "all",
    pass: "one",
  });
});

Deno.test("what a file holds goes before what stands in the configuration", () => {
  const credentials = { user: "box", password: "old", token: "old" };
  const { pass, token } = serverOptions("", "nats://hub", credentials, {
    password: "new",
    token: "new",
  });
  assert.deepEqual([pass, token], ["new", "new"]);
});

Deno.test("TLS is demanded by tls:// and by files for it, and by nothing else", () => {
  const tls = (server: string, credentials = {}): unknown =>
    serverOptions("", server, credentials, { ca: "CA" }).tls;
  assert.deepEqual(tls("tls://hub"), { ca: "CA" });
  assert.deepEqual(tls("nats://hub", { tls: { ca_file: "ca.pem" } }), { ca: "CA" });
  assert.equal(tls("nats://hub"), undefined);
});
