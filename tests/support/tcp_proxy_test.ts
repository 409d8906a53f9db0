import assert from "node:assert/strict";
import { requires } from "./requirements.ts";
import { denoForProxy, TcpProxy } from "./tcp_proxy.ts";
import { waitFor } from "./wait_for.ts";

const { test } = requires(denoForProxy);

/** Somebody at the end of a connection: keeps what came, and how it ended. */
class Peer {
  received = "";
  ending: "none" | "end" | "reset" = "none";
  readonly #connection: Deno.TcpConn;
  readonly #reading: Promise<void>;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#reading = this.#read();
  }

  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Sends a FIN; reading goes on. */
  async finish(): Promise<void> {
    await this.#connection.closeWrite();
  }

  async gets(text: string): Promise<void> {
    await waitFor(`"${text.slice(0, 50)}" to arrive`, () => this.received === text);
  }

  async ends(how: Peer["ending"]): Promise<void> {
    await waitFor(`the connection's ${how}`, () => this.ending === how);
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.received += new TextDecoder().decode(buffer.subarray(0, count));
      }
      this.ending = "end";
    } catch {
      this.ending = "reset";
    }
  }
}

/** A proxy before a listener, with connections through it. */
class Wire implements AsyncDisposable {
  readonly proxy: TcpProxy;
  readonly #listener: Deno.TcpListener;
  readonly #peers: Peer[] = [];

  static async open(): Promise<Wire> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return new Wire(listener, await TcpProxy.open({ serverPort: listener.addr.port }));
  }

  private constructor(listener: Deno.TcpListener, proxy: TcpProxy) {
    this.#listener = listener;
    this.proxy = proxy;
  }

  /** Both ends of a new connection. */
  async join(): Promise<{ readonly client: Peer; readonly server: Peer }> {
    const client = await this.dial();
    const server = new Peer(await this.#listener.accept());
    this.#peers.push(server);
    return { client, server };
  }

  /** The client's end of a new connection, whoever takes it. */
  async dial(): Promise<Peer> {
    const { port } = this.proxy;
    const client = new Peer(await Deno.connect({ hostname: "127.0.0.1", port }));
    this.#peers.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    this.proxy[Symbol.dispose]();
    this.#listener.close();
    await waitFor("the proxy's connections to end", () => this.proxy.connections === 0);
  }
}

test("bytes pass both ways, and one side may end before the other", async () => {
  await using wire = await Wire.open();
  const { client, server } = await wire.join();
  const large = "0123456789".repeat(100_000);
  await client.send(large);
  await client.finish();
  await server.gets(large);
  await server.ends("end");
  await server.send("late answer");
  await client.gets("late answer");
  await server.finish();
  await client.ends("end");
});

for (const how of ["end", "reset"] as const) {
  test(`cut("${how}") is seen at both ends, and new connections pass`, async () => {
    await using wire = await Wire.open();
    const { client, server } = await wire.join();
    await client.send("first");
    await server.gets("first");
    wire.proxy.cut(how);
    await Promise.all([client.ends(how), server.ends(how)]);
    const next = await wire.join();
    await next.client.send("second");
    await next.server.gets("second");
  });

  test(`cutAfter("${how}") passes what matches and nothing behind it`, async () => {
    await using wire = await Wire.open();
    const { client, server } = await wire.join();
    wire.proxy.toServer.cutAfter(/record 57/, how);
    await client.send("record 56, rec");
    await server.gets("record 56, rec");
    await client.send("ord 57, record 58");
    await server.gets("record 56, record 57");
    await Promise.all([server.ends(how), client.ends(how)]);
    assert.equal(wire.proxy.toServer.sprungTraps, 1);
  });
}

test("refuse() turns new connections away and leaves the open ones alone", async () => {
  await using wire = await Wire.open();
  const { client, server } = await wire.join();
  wire.proxy.refuse();
  await assert.rejects(wire.dial(), Deno.errors.ConnectionRefused);
  await client.send("still here");
  await server.gets("still here");
  await wire.proxy.accept();
  const next = await wire.join();
  await next.client.send("back");
  await next.server.gets("back");
});

test("silence() takes bytes and connections, and nobody hears of them; heal() resets those", async () => {
  await using wire = await Wire.open();
  const { client, server } = await wire.join();
  wire.proxy.silence();
  await client.send("lost");
  await server.send("lost too");
  const { toServer, toClient } = wire.proxy;
  await waitFor(
    "both to be swallowed",
    () => toServer.swallowedBytes + toClient.swallowedBytes === 12,
  );
  const unheard = await wire.dial();
  await unheard.send("anybody?");
  await waitFor("the new connection", () => wire.proxy.connections === 2);
  assert.deepEqual([client.received, server.received, unheard.received], ["", "", ""]);
  assert.deepEqual([client.ending, server.ending, unheard.ending], ["none", "none", "none"]);
  await wire.proxy.heal();
  await Promise.all([client.ends("reset"), server.ends("reset"), unheard.ends("reset")]);
  const next = await wire.join();
  await next.server.send("heard");
  await next.client.gets("heard");
});

test("swallow() loses one direction only", async () => {
  await using wire = await Wire.open();
  const { client, server } = await wire.join();
  wire.proxy.toClient.swallow();
  await client.send("publish");
  await server.gets("publish");
  await server.send("reply");
  await waitFor("the reply to be lost", () => wire.proxy.toClient.swallowedBytes === 5);
  await client.send(" again");
  await server.gets("publish again");
  assert.equal(client.received, "");
});

test("freeze() holds bytes and ends back, thaw() lets them go on in order", async () => {
  await using wire = await Wire.open();
  const { client, server } = await wire.join();
  wire.proxy.freeze();
  await server.send("from the server");
  await client.send("one ");
  await client.send("two");
  await client.finish();
  wire.proxy.toClient.thaw();
  await client.gets("from the server");
  assert.deepEqual([server.received, server.ending], ["", "none"]);
  wire.proxy.toServer.thaw();
  await server.gets("one two");
  await server.ends("end");
});

test("delay() keeps bytes at least so long", async () => {
  await using wire = await Wire.open();
  const { client, server } = await wire.join();
  wire.proxy.toServer.delay(150);
  const startMs = performance.now();
  await client.send("slow");
  await server.gets("slow");
  assert.ok(performance.now() - startMs >= 149);
});

test("throttle() passes no more than so many bytes a second, over all connections", async () => {
  await using wire = await Wire.open();
  const pairs = [await wire.join(), await wire.join()];
  wire.proxy.toServer.throttle(10_000);
  const text = "0123456789".repeat(200);
  const startMs = performance.now();
  await Promise.all(pairs.map(({ client }) => client.send(text)));
  await Promise.all(pairs.map(({ server }) => server.gets(text)));
  assert.ok(performance.now() - startMs >= 395);
  assert.equal(wire.proxy.toServer.passedBytes, 4000);
});

test("damage() flips one bit, once", async () => {
  await using wire = await Wire.open();
  const { client, server } = await wire.join();
  wire.proxy.toServer.damage(/HPUB/);
  await client.send("PUB 1 HPU");
  await server.gets("PUB 1 HPU");
  await client.send("B 2 HPUB 3");
  await server.gets("PUB 1 HPUC 2 HPUB 3");
});
