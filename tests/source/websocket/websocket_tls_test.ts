// WebSocket feeds over TLS, with certificates of an authority of our own, and who we are to them.

import assert from "node:assert/strict";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import { SocketCare } from "../../../src/source/tcp/socket_care.ts";
import { authorization, type Login } from "../../../src/source/websocket/authorization.ts";
import { nameOf, WebSocketDialer } from "../../../src/source/websocket/websocket_dialer.ts";
import { WebSocketSource } from "../../../src/source/websocket/websocket_source.ts";
import { Authority } from "../../support/certificates.ts";
import { RecordingRecords } from "../../support/recording_records.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

const care = new SocketCare({ libc: new Libc() });
const authority = new Authority();
const { certificate: cert, key } = authority.issue({ name: "feed", hosts: ["127.0.0.1"] });

/** Tells everybody who connects how they have said who they are. Ends without waiting for them. */
function serve(): { readonly url: string } & AsyncDisposable {
  const over = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, signal: over.signal, onListen: () => {} },
    (request) => {
      const who = request.headers.get("authorization") ?? "nobody";
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onopen = () => socket.send(who);
      return response;
    },
  );
  return {
    url: `wss://127.0.0.1:${server.addr.port}/feed`,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await server.finished;
    },
  };
}

function read(url: string, ca_file: string | undefined, login: Login): {
  readonly handler: RecordingRecords;
} & AsyncDisposable {
  const source = new WebSocketSource({
    connector: new WebSocketDialer({
      url: new URL(url),
      tls: { ca_file },
      headers: () => authorization(login),
      care,
      clock: systemClock,
    }),
    messages: [],
    backoff: { initialMs: 20, maxMs: 100, exponential: true },
    clock: systemClock,
  });
  const handler = new RecordingRecords();
  source.start(handler);
  return { handler, [Symbol.asyncDispose]: () => source.stop() };
}

Deno.test("WebSocket over TLS: a server with a certificate of our authority learns who we are", async () => {
  using folder = new TemporaryFolder("wss");
  await using server = serve();
  const ca_file = folder.join("ca.pem");
  Deno.writeTextFileSync(ca_file, authority.certificate);
  const secret = folder.join("secret");
  Deno.writeTextFileSync(secret, "word 555\n");
  const cases: readonly (readonly [Login, string])[] = [
    [{}, "nobody"],
    [{ username: "box", password: "pass" }, `Basic ${btoa("box:pass")}`],
    [{ username: "box", password_file: secret }, `Basic ${btoa("box:word 555")}`],
    [{ token: "t0ken" }, "Bearer t0ken"],
    [{ token_file: secret }, "Bearer word 555"],
  ];
  for (const [login, told] of cases) {
    await using reading = read(server.url, ca_file, login);
    await waitFor("its answer", () => reading.handler.records.length === 1);
    assert.deepEqual(reading.handler.texts, [told]);
  }
});

Deno.test("WebSocket over TLS: a certificate nobody knows, and a secret that cannot be read, are told", async () => {
  using folder = new TemporaryFolder("wss");
  await using server = serve();
  await using stranger = read(server.url, undefined, {});
  await waitFor("the problem", () => stranger.handler.problems.length === 1);
  assert.equal(stranger.handler.problems[0]?.kind, "bad_certificate");
  const missing = folder.join("missing");
  await using unknown = read(server.url, undefined, { token_file: missing });
  await waitFor("the problem", () => unknown.handler.problems.length === 1);
  assert.match(unknown.handler.problems[0]?.message ?? "", /token_file: .*missing: .*ENOENT/);
});

Deno.test("WebSocket: the name of a feed tells no secret of its URL", () => {
  const url = new URL("wss://user:word@feed.example:8443/cdr?token=secret");
  assert.equal(nameOf(url), "wss://feed.example:8443/cdr");
});
