// A WebSocket server that feeds whoever connects: frames by `ws`, on sockets that can be broken off.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Receiver, Sender } from "ws";
import { waitFor } from "./wait_for.ts";

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

interface Frames {
  send(data: string | Uint8Array, options: object): void;
  ping(data: string, mask: false): void;
  pong(data: Uint8Array, mask: false): void;
  close(code: number, reason: string, mask: false): void;
}

/** One that has connected. */
export class FedClient {
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Texts that it has sent. */
  readonly received: string[] = [];
  pings = 0;
  pongs = 0;
  /** How it went; `null` while it is there. */
  closeCode: number | null = null;
  readonly #conn: Deno.Conn;
  readonly #frames: Frames;
  #sending: Promise<unknown> = Promise.resolve();

  /** `head` is its request. */
  constructor(conn: Deno.Conn, head: string, answersPings: boolean) {
    const [request = "", ...lines] = head.split("\r\n");
    this.path = request.split(" ")[1] ?? "";
    this.headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    this.#conn = conn;
    const write = (bytes: Uint8Array | string): void => this.#write(Buffer.from(bytes));
    this.#frames = new Sender({ cork: () => {}, uncork: () => {}, write });
    const key = this.headers.get("sec-websocket-key") ?? "";
    const accept = createHash("sha1").update(key + guid).digest("base64");
    write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    this.#read(answersPings);
  }

  send(
    data: string | Uint8Array,
    options: { readonly fin?: boolean; readonly binary?: boolean } = {},
  ): void {
    this.#frames.send(data, { fin: true, binary: typeof data !== "string", ...options });
  }

  ping(): void {
    this.#frames.ping("", false);
  }

  close(code: number, reason: string): void {
    this.#frames.close(code, reason, false);
  }

  /** Breaks the connection off without a word. */
  terminate(): void {
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  #write(bytes: Uint8Array): void {
    this.#sending = this.#sending.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    }).catch(() => {});
  }

  async #read(answersPings: boolean): Promise<void> {
    const receiver = new Receiver({ isServer: true });
    receiver.on("message", (data: Uint8Array) => {
      this.received.push(new TextDecoder().decode(data));
    });
    receiver.on("ping", (data: Uint8Array) => {
      this.pings += 1;
      if (answersPings) this.#frames.pong(data, false);
    });
    receiver.on("pong", () => this.pongs += 1);
    receiver.on("conclude", (code: number) => this.closeCode = code);
    const buffer = new Uint8Array(4096);
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        receiver.write(buffer.slice(0, count));
      }
    } catch {
      // It broke, or was broken off here.
    }
    this.closeCode ??= 1006;
    this.terminate();
  }
}

export class WebSocketFeed implements AsyncDisposable {
  readonly port: number;
  readonly clients: FedClient[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #answersPings: boolean;
  readonly #accepting: Promise<void>;

  constructor(
    options: {
      /** @default {any that is free} */
      readonly port?: number;
      /** @default {true} */
      readonly answersPings?: boolean;
    } = {},
  ) {
    this.#answersPings = options.answersPings ?? true;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: options.port ?? 0 });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/feed`;
  }

  /** The `number`-th that connects, from 1. */
  async client(number = 1): Promise<FedClient> {
    await waitFor(`client ${number}`, () => this.clients.length >= number);
    const client = this.clients[number - 1];
    if (client === undefined) throw new Error(`ask for client ${number}: there is none`);
    return client;
  }

  /** Breaks off all connections, and listens no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const client of this.clients) client.terminate();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        const head = await requestHead(conn);
        if (head === null) conn.close();
        else this.clients.push(new FedClient(conn, head, this.#answersPings));
      }
    } catch {
      // Closed.
    }
  }
}

/** A client says nothing behind it before it is answered. */
async function requestHead(conn: Deno.Conn): Promise<string | null> {
  let head = "";
  const buffer = new Uint8Array(4096);
  while (!head.endsWith("\r\n\r\n")) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return null;
    head += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return head;
}
