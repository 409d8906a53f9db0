// Equipment at the other end of a TCP feed: a server that is connected to, or whoever dials in.

import { Buffer } from "node:buffer";
import { waitFor } from "./wait_for.ts";

/** What one connection has brought, and a way to answer. */
export class FeedPeer implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #chunks: Uint8Array[] = [];
  #isOver = false;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#read();
  }

  /** Its own address and port, as the other side sees it. */
  get address(): Pick<Deno.NetAddr, "hostname" | "port"> {
    return netAddress(this.#conn.localAddr);
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** The other side has ended the connection, or it broke. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when all of it is on its way. */
  async send(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  /** Says that it sends nothing more, and still listens. */
  async sendEnd(): Promise<void> {
    await this.#conn.closeWrite();
  }

  async untilOver(): Promise<void> {
    await waitFor("the connection to be ended", () => this.#isOver);
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        this.#chunks.push(buffer.slice(0, count));
      }
    } catch {
      // It broke, or was closed here.
    }
    this.#isOver = true;
  }
}

export interface FeedServerOptions {
  /** @default {any that is free} */
  readonly port?: number;
  /** Speaks TLS with this certificate and key. @default {none} */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** `using server = new FeedServer();` */
export class FeedServer implements Disposable {
  readonly port: number;
  /** In the order in which they came. */
  readonly peers: FeedPeer[] = [];
  readonly #listener: Deno.Listener<Deno.Conn>;
  readonly #greeting: string;

  /** `greeting` is sent to everyone who connects. */
  constructor({ port = 0, tls }: FeedServerOptions = {}, greeting = "") {
    this.#greeting = greeting;
    const at = { hostname: "127.0.0.1", port };
    this.#listener = tls === undefined ? Deno.listen(at) : Deno.listenTls({ ...at, ...tls });
    this.port = netAddress(this.#listener.addr).port;
    this.#accept();
  }

  /** The `number`-th that connects, from 1. */
  async peer(number = 1): Promise<FeedPeer> {
    await waitFor(`connection ${number}`, () => this.peers.length >= number);
    const peer = this.peers[number - 1];
    if (peer === undefined) throw new Error(`ask for connection ${number}: there is none`);
    return peer;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const peer of this.peers) peer[Symbol.dispose]();
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        const peer = new FeedPeer(conn);
        this.peers.push(peer);
        if (this.#greeting !== "") peer.send(this.#greeting).catch(() => {});
      }
    } catch {
      // Closed.
    }
  }
}

/** Dials in. */
export async function dialIn(port: number): Promise<FeedPeer> {
  return new FeedPeer(await Deno.connect({ hostname: "127.0.0.1", port }));
}

/** Deno 2.4 does not say of a TLS address that it is TCP's. */
function netAddress(address: Deno.Addr): Pick<Deno.NetAddr, "hostname" | "port"> {
  if (!("hostname" in address)) throw new Error("read an address: it is no network's");
  return address;
}
