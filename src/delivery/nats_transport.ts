// The client's way to a NATS server: one TCP connection, with TLS where either side wants it. Stands
// in for the client's own, which leaves the sockets of peers that never answer open, throws a
// `read ECONNRESET` out of sockets it has closed, and gives reasons that are none.

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  checkOptions,
  type ConnectionOptions,
  type Server,
  type ServerInfo,
  type Transport,
} from "@nats-io/nats-core/internal";

/** On a connection that begins without TLS, as those of NATS do. */
const showsNoCertificate = Deno.version.deno.startsWith("2.4.");

/** From the first packet to the end of TLS. */
const timeoutMs = 4000;

/** How far a connection has come, and what it means when it comes no further. */
const silence = {
  connect: "no answer",
  greeting: "it takes the connection and says nothing",
  tls: "it does not go on with TLS",
  up: "",
} as const;

/** `tlsName` is the name that the address was found by, if it was. */
type Address = Pick<Server, "hostname" | "port" | "tlsName">;

/** Of a greeting that is none, as much is shown. */
const shownBytes = 40;
const longestGreeting = 64 * 1024;

export class NatsTransport implements Transport {
  readonly lang = "nats.js";
  readonly version = "3.4.0";
  closeError?: Error;
  #stage: keyof typeof silence = "connect";
  #socket: Socket | null = null;
  #error: Error | undefined;
  #isSecure = false;
  /** The other side has closed the connection; what it said before is yet to be read. */
  #isLost = false;
  #isClosed = false;
  #received: Uint8Array[] = [];
  /** Something was received, or the connection is closed. */
  #news = Promise.withResolvers<void>();
  /** Ends the wait for a socket to open. */
  #refuse: (error: Error) => void = () => {};
  readonly #closed = Promise.withResolvers<void | Error>();

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws {Error} with the reason; nothing is left open then. */
  async connect(server: Address, options: ConnectionOptions): Promise<void> {
    const timer = setTimeout(() => this.#giveUp(), timeoutMs);
    try {
      await this.#open(connectTcp(server.port, server.hostname), "connect");
      this.#socket?.setNoDelay(true);
      this.#stage = "greeting";
      const info = await this.#greeting();
      checkOptions(info, options);
      if (info.tls_required === true || info.tls_available === true) {
        this.#stage = "tls";
        if (info.tls_verify === true && options.tls?.cert !== undefined && showsNoCertificate) {
          throw new Error(`Deno ${Deno.version.deno} cannot show our certificate`);
        }
        await this.#secure(server, options);
      }
      this.#stage = "up";
      this.#socket?.resume();
    } catch (error) {
      this.#close(error instanceof Error ? error : undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    try {
      while (!this.#isClosed) {
        const received = this.#received;
        this.#received = [];
        yield* received;
        if (this.#received.length > 0) continue;
        if (this.#isLost) return;
        await this.#news.promise;
      }
    } finally {
      // Whoever reads stops before the end only when it cannot be read.
      const garbage = new Error("what the server says makes no sense");
      this.#close(this.#isLost ? this.#error : garbage);
    }
  }

  send(frame: Uint8Array): void {
    if (!this.#isClosed) this.#socket?.write(frame);
  }

  close(error?: Error): Promise<void> {
    this.#close(error);
    return Promise.resolve();
  }

  disconnect(): void {
    this.#close();
  }

  discard(): void {
    this.#close();
  }

  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  isEncrypted(): boolean {
    return this.#isSecure;
  }

  /** Follows a socket, from now on the only one, and waits until it is connected. */
  async #open(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
    this.#socket = socket;
    // Never removed: a socket may fail after it was closed, and then nobody else would listen.
    socket.on("error", (error) => this.#error ??= error);
    socket.on("close", () => this.#lose(socket));
    socket.on("data", (bytes: Uint8Array) => this.#receive(socket, bytes));
    const opened = Promise.withResolvers<void>();
    this.#refuse = opened.reject;
    socket.once(event, () => opened.resolve());
    await opened.promise;
  }

  async #greeting(): Promise<ServerInfo> {
    for (;;) {
      const text = new TextDecoder().decode(joined(this.#received));
      const info = readGreeting(text);
      if (info !== null) return info;
      const isBegun = "INFO ".startsWith(text.slice(0, 5)) && !text.includes("\n");
      if (!isBegun || text.length > longestGreeting) {
        const said = JSON.stringify(text.slice(0, shownBytes));
        throw new Error(`this is not a NATS server: it says ${said}`);
      }
      this.#socket?.resume();
      await this.#news.promise;
      if (this.#isClosed) throw this.#lost();
    }
  }

  async #secure({ hostname, tlsName }: Address, { tls }: ConnectionOptions): Promise<void> {
    const plain = this.#socket;
    if (plain === null) return;
    const name = tlsName === "" ? hostname : tlsName;
    const { ca, cert, key } = tls ?? {};
    const secure = connectTls({
      socket: plain,
      host: name,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    await this.#open(secure, "secureConnect");
    if (!secure.authorized) throw secure.authorizationError;
    this.#isSecure = true;
  }

  #receive(socket: Socket, bytes: Uint8Array): void {
    if (socket !== this.#socket || this.#isClosed) return;
    // TLS may begin behind the greeting, and Deno 2.4 must not be reading then.
    if (this.#stage === "greeting") socket.pause();
    this.#received.push(bytes);
    this.#tellNews();
  }

  #lose(socket: Socket): void {
    if (socket !== this.#socket) return;
    if (this.#stage !== "up") return this.#close(this.#error);
    this.#isLost = true;
    this.#tellNews();
  }

  #giveUp(): void {
    this.#close(new Error(`${silence[this.#stage]}, for ${timeoutMs / 1000} s`));
  }

  #close(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (error !== undefined) this.closeError = error;
    this.#socket?.destroy();
    this.#tellNews();
    this.#refuse(this.#lost());
    // Before it was up, whoever connects is told.
    if (this.#stage === "up") this.#closed.resolve(error);
  }

  #tellNews(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #lost(): Error {
    return this.closeError ?? new Error("the other side closed the connection");
  }
}

/** What a server says of itself first; `null` when that is not complete, or not what it should be. */
function readGreeting(text: string): ServerInfo | null {
  const [, json] = /^INFO (\{.*\}) *\r\n/.exec(text) ?? [];
  if (json === undefined) return null;
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
