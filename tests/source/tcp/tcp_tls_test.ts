// Feeds over TLS, with certificates of an authority of our own.

import assert from "node:assert/strict";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import type { Notice } from "../../../src/platform/notice.ts";
import type { Connector } from "../../../src/source/tcp/connecting.ts";
import type { TcpConnection } from "../../../src/source/tcp/tcp_connection.ts";
import { TcpDialer, type TcpDialerOptions } from "../../../src/source/tcp/tcp_dialer.ts";
import { TcpListener } from "../../../src/source/tcp/tcp_listener.ts";
import { SocketCare } from "../../../src/source/tcp/socket_care.ts";
import { TcpSource } from "../../../src/source/tcp/tcp_source.ts";
import { Authority, type Identity } from "../../support/certificates.ts";
import { freePort } from "../../support/free_port.ts";
import { RecordingHandler } from "../../support/recording_handler.ts";
import { dialIn, FeedPeer, FeedServer } from "../../support/tcp_feed.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor, waitForValue } from "../../support/wait_for.ts";

const care = new SocketCare({ libc: new Libc() });
const authority = new Authority({ name: "a centre's authority" });
const stranger = new Authority({ name: "somebody else" });
const local = authority.issue({ name: "pbx", hosts: ["127.0.0.1", "pbx.example"] });
const tools = { care, clock: systemClock };

interface Reading extends AsyncDisposable {
  readonly handler: RecordingHandler;
}

function read(connector: Connector<TcpConnection>): Reading {
  const backoff = { initialMs: 20, maxMs: 100, exponential: true };
  const source = new TcpSource({ connector, backoff, clock: systemClock });
  const handler = new RecordingHandler();
  handler.decode = (piece) => source.decode(piece);
  source.start(handler);
  return { handler, [Symbol.asyncDispose]: () => source.stop() };
}

function dial(
  port: number,
  tls: NonNullable<TcpDialerOptions["tls"]>,
  timeoutMs = 10_000,
): Reading {
  return read(new TcpDialer({ ...tools, host: "127.0.0.1", port, tls, timeoutMs }));
}

function serve({ certificate: cert, key }: Identity): FeedServer {
  return new FeedServer({ tls: { cert, key } }, "a record\n");
}

async function untilReceived({ handler }: Reading, text: string): Promise<void> {
  await waitForValue(text, () => handler.received.toString(), (found) => found === text);
}

/** The first problem that is told. */
async function problemOf({ handler }: Reading): Promise<string> {
  await waitFor("a problem", () => handler.problems.length > 0);
  const [{ kind, message } = { kind: "", message: "" }] = handler.problems;
  return `${kind}: ${message.replace(/:\d+:/, ":")}`;
}

function write(folder: TemporaryFolder, name: string, text: string): string {
  const path = folder.join(name);
  Deno.writeTextFileSync(path, text);
  return path;
}

Deno.test("TLS: a server with a certificate of our authority is read", async () => {
  using folder = new TemporaryFolder("tls");
  using server = serve(local);
  await using reading = dial(server.port, {
    ca_file: write(folder, "ca.pem", authority.certificate),
  });
  await untilReceived(reading, "a record\n");
});

Deno.test("TLS: a certificate of an authority nobody knows is told, until the file is mended", async () => {
  using folder = new TemporaryFolder("tls");
  using server = serve(local);
  const ca_file = write(folder, "ca.pem", stranger.certificate);
  await using reading = dial(server.port, { ca_file });
  assert.equal(
    await problemOf(reading),
    "bad_certificate: connect to 127.0.0.1: its certificate is signed by an authority that is not " +
      "known here",
  );
  write(folder, "ca.pem", authority.certificate);
  await untilReceived(reading, "a record\n");
});

Deno.test("TLS: a certificate for another name is taken only by that name", async () => {
  using folder = new TemporaryFolder("tls");
  using server = serve(authority.issue({ name: "pbx", hosts: ["pbx.example"] }));
  const ca_file = write(folder, "ca.pem", authority.certificate);
  await using wrong = dial(server.port, { ca_file });
  assert.equal(
    await problemOf(wrong),
    "bad_certificate: connect to 127.0.0.1: its certificate is for another name",
  );
  await using right = dial(server.port, { ca_file, server_name: "pbx.example" });
  await untilReceived(right, "a record\n");
});

Deno.test("TLS: certificates that are not valid now, files that are none, servers without TLS are told", async () => {
  using folder = new TemporaryFolder("tls");
  const ca_file = write(folder, "ca.pem", authority.certificate);
  const hosts = ["127.0.0.1"];
  const hourMs = 3_600_000;
  using expired = serve(authority.issue({ name: "old", hosts, toMs: Date.now() - hourMs / 2 }));
  using early = serve(authority.issue({ name: "new", hosts, fromMs: Date.now() + hourMs }));
  using plain = new FeedServer({}, "a record without TLS\n");
  const cases: readonly (readonly [number, string, RegExp])[] = [
    [expired.port, ca_file, /^bad_certificate: .* has expired$/],
    [early.port, ca_file, /^bad_certificate: .* is not valid yet$/],
    [plain.port, ca_file, /^failed: .* it does not speak TLS$/],
    [plain.port, folder.join("none.pem"), /^bad_certificate: .* tls.ca_file: .*none.pem: .*ENOENT/],
  ];
  for (const [port, file, pattern] of cases) {
    await using reading = dial(port, { ca_file: file });
    assert.match(await problemOf(reading), pattern);
  }
});

Deno.test("TLS: a certificate of ours is shown to a server", async () => {
  using folder = new TemporaryFolder("tls");
  using server = serve(local);
  await using reading = dial(server.port, {
    ca_file: write(folder, "ca.pem", authority.certificate),
    cert_file: write(folder, "own.pem", local.certificate),
    key_file: write(folder, "own.key", local.key),
  });
  await untilReceived(reading, "a record\n");
});

Deno.test("TLS: a server that takes the connection and says nothing is given up, and nothing stays open", async () => {
  using folder = new TemporaryFolder("tls");
  using server = new FeedServer();
  const ca_file = write(folder, "ca.pem", authority.certificate);
  await using reading = dial(server.port, { ca_file }, 100);
  assert.match(
    await problemOf(reading),
    /^unreachable: connect to 127.0.0.1: no answer for 0.1 s$/,
  );
  await (await server.peer(1)).untilOver();
  await (await server.peer(2)).untilOver();
});

class Listening implements AsyncDisposable {
  readonly folder = new TemporaryFolder("tls");
  readonly port = freePort();
  readonly notices: Notice[] = [];
  readonly reading: Reading;

  constructor(identity: Identity, handshakeMs = 10_000) {
    this.use(identity);
    const [cert_file, key_file] = [this.folder.join("own.pem"), this.folder.join("own.key")];
    this.reading = read(
      new TcpListener({
        ...tools,
        host: "127.0.0.1",
        port: this.port,
        tls: { cert_file, key_file },
        handshakeMs,
        report: (notice) => this.notices.push(notice),
      }),
    );
  }

  use({ certificate, key }: Identity): void {
    write(this.folder, "own.key", key);
    write(this.folder, "own.pem", certificate);
  }

  /** A sender who trusts that authority. */
  async send(text: string, { certificate }: Authority): Promise<void> {
    const { port } = this;
    const caCerts = [certificate];
    const conn = await waitForValue(
      "somebody to listen",
      () => Deno.connect({ hostname: "127.0.0.1", port }),
      () => true,
    );
    const secure = await Deno.startTls(conn, { hostname: "127.0.0.1", caCerts });
    try {
      await secure.handshake();
    } catch (error) {
      secure.close();
      throw error;
    }
    using peer = new FeedPeer(secure);
    await peer.send(text);
    await waitFor("it to be read", () => this.reading.handler.received.toString().endsWith(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reading[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("TLS: a port that listens takes senders with TLS, and tells of those without", async () => {
  await using feed = new Listening(local, 300);
  await feed.send("one\n", authority);
  using plain = await dialIn(feed.port);
  await plain.send("two\n");
  await plain.untilOver();
  using silent = await dialIn(feed.port);
  await silent.untilOver();
  await feed.send("three\n", authority);
  assert.equal(feed.reading.handler.received.toString(), "one\nthree\n");
  assert.deepEqual(feed.notices.map(({ kind }) => kind), ["sender_refused", "sender_refused"]);
  assert.match(feed.notices[1]?.message ?? "", /: TLS: no answer for 0.3 s$/);
});

Deno.test("TLS: a port that listens uses an exchanged certificate; a broken one leaves the former", async () => {
  await using feed = new Listening(local);
  await feed.send("one\n", authority);
  for (const key of ["no key", stranger.issue({ name: "pbx" }).key]) {
    feed.use({ ...local, key });
    await feed.send("two\n", authority);
  }
  const { handler } = feed.reading;
  await waitFor("both to be over", () => handler.count("closed") === 3);
  await new Promise((resolve) => setTimeout(resolve, 50));
  feed.use(stranger.issue({ name: "pbx", hosts: ["127.0.0.1"] }));
  await waitForValue("the other", () => feed.send("three\n", stranger), () => true);
  assert.equal(handler.received.toString(), "one\ntwo\ntwo\nthree\n");
  await assert.rejects(feed.send("four\n", authority), /UnknownIssuer|certificate/);
  assert.ok(feed.notices.some(({ kind }) => kind === "source_bad_certificate"));
  assert.deepEqual(handler.problems, [], "somebody has listened all the time");
});
