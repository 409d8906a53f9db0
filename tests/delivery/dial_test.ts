import assert from "node:assert/strict";
import { dial, dialAny } from "../../src/delivery/dial.ts";
import { SessionEnd } from "../../src/delivery/session_end.ts";
import { natsGreeting, RudePeer, type RudePeerOptions } from "../support/rude_peer.ts";
import { again } from "../support/rounds.ts";
import { waitFor } from "../support/wait_for.ts";

const test = again((name, body) => Deno.test(name, body));

const { signal } = new AbortController();

interface Rudeness extends RudePeerOptions {
  readonly name: string;
  readonly told: RegExp;
}

const rudenesses: readonly Rudeness[] = [
  { name: "says nothing", told: /: it takes the connection and says nothing, for 4 s$/ },
  { name: "hangs up", hangsUp: "after greeting", told: /: the other side closed the connection$/ },
  {
    name: "greets and hangs up",
    greeting: natsGreeting,
    hangsUp: "after greeting",
    told: /: the other side closed the connection$/,
  },
  {
    name: "greets and hangs up at the login",
    greeting: natsGreeting,
    hangsUp: "after answer",
    told: /: the other side closed the connection$/,
  },
  {
    name: "greets and says why it hangs up",
    greeting: natsGreeting,
    answer: "-ERR 'maximum connections exceeded'\r\n",
    hangsUp: "after answer",
    told: /: maximum connections exceeded$/,
  },
  {
    name: "greets and says nothing more",
    greeting: natsGreeting,
    told: /: it greets and does not answer our login$/,
  },
  {
    name: "speaks SSH",
    greeting: "SSH-2.0-OpenSSH_9.2p1\r\n",
    told: /: this is not a NATS server: it says "SSH-2.0-OpenSSH_9.2p1\\r\\n"$/,
  },
  {
    name: "speaks HTTP before it is asked",
    greeting: "HTTP/1.1 408 Request Timeout\r\n\r\n",
    told: /: this is not a NATS server: it says "HTTP\/1.1 408 Request Timeout/,
  },
  {
    name: "speaks HTTP when it is asked",
    greeting: natsGreeting,
    answer: "HTTP/1.1 400 Bad Request\r\n\r\n",
    told: /: what the server says makes no sense$/,
  },
  {
    name: "begins to greet and does not end",
    greeting: "INFO {",
    told: /: it takes the connection and says nothing, for 4 s$/,
  },
  {
    name: "greets with garbage",
    greeting: "INFO {garbage}\r\n",
    told: /: this is not a NATS server: it says "INFO {garbage}\\r\\n"$/,
  },
];

const silentAtTls: Rudeness = {
  name: "demands TLS and does not begin it",
  greeting: natsGreeting.replace("{", '{"tls_required":true,'),
  told: /: it does not go on with TLS, for 4 s$/,
};

/** On Deno 2.4 a socket that waits for TLS is not closed before the other side closes it. */
const tlsSocketsClose = !Deno.version.deno.startsWith("2.4.");

test("a peer that is no NATS server is told truthfully, within 5 s, and nothing stays open", async () => {
  const peers = tlsSocketsClose ? [...rudenesses, silentAtTls] : rudenesses;
  await Promise.all([...peers.map(assertTold), assertEndsWhenStopped()]);
});

async function assertTold({ name, told, ...options }: Rudeness): Promise<void> {
  await using peer = new RudePeer(options);
  const begunMs = performance.now();
  const end = await failure(dial({ servers: peer.url }, signal));
  const tookMs = performance.now() - begunMs;
  assert.equal(end.trouble, "disconnected", name);
  assert.match(end.message, told, `${name}: ${end.message}`);
  assert.ok(end.message.startsWith(`connect to ${peer.url}: `), end.message);
  assert.ok(tookMs < 5500, `${name}: ${Math.round(tookMs)} ms`);
  await waitFor(`${name}: the connection to be closed`, () => peer.open === 0);
}

async function assertEndsWhenStopped(): Promise<void> {
  await using peer = new RudePeer({});
  const stop = new AbortController();
  const ending = failure(dial({ servers: peer.url }, stop.signal));
  await waitFor("the connection", () => peer.open === 1);
  const begunMs = performance.now();
  stop.abort();
  assert.equal((await ending).message, "stopped");
  assert.ok(performance.now() - begunMs < 1000);
  await waitFor("the connection to be closed", () => peer.open === 0);
}

Deno.test("a closed port is told as that", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  const end = await failure(dial({ servers: `nats://127.0.0.1:${listener.addr.port}` }, signal));
  assert.match(end.message, /: connection refused: nothing listens there$/);
});

Deno.test("a name that nobody knows is told as that", async () => {
  const end = await failure(dial({ servers: "nats://hub.nectar.invalid:4222" }, signal));
  assert.match(end.message, /hub.nectar.invalid:4222: the name is not known$/);
});

Deno.test("of several servers that fail all are told", async () => {
  await using silent = new RudePeer({ hangsUp: "after greeting" });
  await using rejecting = new RudePeer({
    greeting: natsGreeting,
    answer: "-ERR 'Authorization Violation'\r\n",
    hangsUp: "after answer",
  });
  const end = await failure(
    dialAny([{ servers: silent.url }, { servers: rejecting.url }], signal),
  );
  assert.equal(end.trouble, "unauthorized", "one of them is there, and somebody can act");
  assert.equal(
    end.message,
    `connect to ${silent.url}: the other side closed the connection; ` +
      `connect to ${rejecting.url}: Authorization Violation`,
  );
});

/** How a dial ends. */
async function failure(dialling: Promise<unknown>): Promise<SessionEnd> {
  try {
    await dialling;
  } catch (error) {
    assert.ok(error instanceof SessionEnd, String(error));
    return error;
  }
  throw new Error("it connected");
}
