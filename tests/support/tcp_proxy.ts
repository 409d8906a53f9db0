// A TCP proxy between the collector and a server, that does to their connections what networks do:
// cuts, refusals, silence, delay, narrow links, lost and damaged bytes. All can be changed while
// connections are open.

import { once } from "node:events";
import { connect, createServer, type Server, Socket } from "node:net";
import { type Cut, ProxyLane } from "./proxy_lane.ts";
import type { Requirement } from "./requirements.ts";

/** Below Linux's ephemeral range, where who dials a closed port can meet itself; see NatsServer. */
const ports = { lowest: 10_000, highest: 20_000 };

/** The oldest versions can neither reset a connection nor close one half of it: no proxy there. */
export const denoForProxy: Requirement = {
  name: "a Deno whose sockets can be reset, newer than 2.4",
  isMet: () => "resetAndDestroy" in Socket.prototype,
  isOfDeno: true,
};

interface Link {
  readonly client: Socket;
  readonly server: Socket | null;
  readonly over: AbortController;
  /** Bytes were lost or damaged on it. */
  spoiled: boolean;
}

export class TcpProxy implements Disposable {
  /** From the client to the server. */
  readonly toServer = new ProxyLane();
  /** From the server to the client. */
  readonly toClient = new ProxyLane();
  readonly #serverPort: number;
  readonly #links = new Set<Link>();
  #listener: Server | null = null;
  #port = 0;
  #silent = false;
  #accepted = 0;

  static async open(options: { readonly serverPort: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(options.serverPort);
    for (let attempt = 1; proxy.#listener === null; attempt++) {
      const { lowest, highest } = ports;
      proxy.#port = Math.floor(lowest + Math.random() * (highest - lowest));
      try {
        await proxy.accept();
      } catch (cause) {
        if (attempt >= 100) throw new Error("find a free port for the proxy", { cause });
      }
    }
    return proxy;
  }

  private constructor(serverPort: number) {
    this.#serverPort = serverPort;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  /** Connections since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Ends all connections that are open; new ones are welcome. */
  cut(how: Cut): void {
    for (const link of this.#links) end(link, how);
  }

  /** Takes no new connections, as a port that nobody listens on; the open ones go on. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = null;
  }

  /** Takes new connections again. */
  async accept(): Promise<void> {
    if (this.#listener !== null) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
    listener.listen(this.#port, "127.0.0.1");
    await once(listener, "listening");
    this.#listener = listener;
  }

  /** A black hole: connections stay open and are taken, and nothing comes or gets through. */
  silence(): void {
    this.#silent = true;
    this.toServer.swallow();
    this.toClient.swallow();
  }

  /** A link that is down: nothing gets through; what is under way does when it is up again. */
  freeze(): void {
    this.toServer.freeze();
    this.toClient.freeze();
  }

  /** Everything passes again. Connections that lost bytes are reset: the other side forgot them. */
  async heal(): Promise<void> {
    this.#silent = false;
    this.toServer.heal();
    this.toClient.heal();
    for (const link of this.#links) if (link.spoiled) end(link, "reset");
    await this.accept();
  }

  [Symbol.dispose](): void {
    this.refuse();
    this.cut("reset");
  }

  #join(client: Socket): void {
    this.#accepted += 1;
    const server = this.#silent
      ? null
      : connect({ port: this.#serverPort, host: "127.0.0.1", allowHalfOpen: true });
    const over = new AbortController();
    const link: Link = { client, server, over, spoiled: server === null };
    this.#links.add(link);
    const carried: Promise<void>[] = [];
    const carry = (lane: ProxyLane, from: Socket, to: Socket): void => {
      const cut = (how: Cut): void => end(link, how);
      const spoil = (): void => {
        link.spoiled = true;
      };
      const passage = { from, to, signal: over.signal, cut, spoil };
      // A connection that breaks at one end breaks at the other.
      carried.push(lane.carry(passage).catch(() => end(link, "reset")));
    };
    for (const socket of server === null ? [client] : [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => end(link, "reset"));
    }
    if (server === null) {
      client.on("data", () => {});
      client.on("end", () => end(link, "end"));
    } else {
      carry(this.toServer, client, server);
      carry(this.toClient, server, client);
      Promise.all(carried).then(() => end(link, "end"));
    }
    over.signal.addEventListener("abort", () => this.#links.delete(link));
  }
}

function end({ client, server, over }: Link, how: Cut): void {
  if (over.signal.aborted) return;
  over.abort();
  for (const socket of server === null ? [client] : [client, server]) {
    if (how === "reset") socket.resetAndDestroy();
    else socket.end(() => socket.destroy());
  }
}
