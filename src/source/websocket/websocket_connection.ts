// A WebSocket over a connection that is open: messages in, a few texts and pings out.

import { Buffer } from "node:buffer";
import type { Piece, TcpConnection } from "../tcp/tcp_connection.ts";
import type { FrameReceiver, FrameSender, WsLibrary } from "./ws_library.ts";

/** As HTTP posts may have. */
const longestMessage = 50 * 2 ** 20;

/** RFC 6455, section 7.4.1. */
const goingAway = 1001;

/** What came together. */
export interface MessageBatch {
  readonly messages: readonly Uint8Array[];
  /** When it was read, milliseconds since 1970. */
  readonly timeMs: number;
}

export class WebSocketConnection {
  readonly #tcp: TcpConnection;
  readonly #receiver: FrameReceiver;
  readonly #sender: FrameSender;
  /** What came behind the answer to the upgrade. */
  #first: Piece | null;
  #messages: Uint8Array[] = [];
  #pieces = 0;

  constructor(options: {
    readonly tcp: TcpConnection;
    readonly library: WsLibrary;
    /** What came behind the answer to the upgrade. */
    readonly first: Piece;
  }) {
    const { tcp, library: { Receiver, Sender }, first } = options;
    this.#tcp = tcp;
    this.#first = first;
    this.#receiver = new Receiver({
      isServer: false,
      allowSynchronousEvents: true,
      // What a record is made of is not ours to judge.
      skipUTF8Validation: true,
      maxPayload: longestMessage,
      // As its own connections have it: crumbs take more memory than what is in them.
      maxFragments: 16 * 1024,
      maxBufferedChunks: 256 * 1024,
    });
    this.#sender = new Sender({
      cork: () => {},
      uncork: () => {},
      write: (bytes) => tcp.send(Buffer.from(bytes)),
    });
    this.#receiver
      .on("message", (data) => this.#messages.push(data))
      .on("ping", (data) => this.#sender.pong(data, true))
      .on("conclude", (code, reason) => this.#concluded(code, reason))
      .on("error", ({ message }) => this.#tcp.cease(`it breaks the protocol: ${message}`));
  }

  get peer(): string {
    return this.#tcp.peer;
  }

  /** Why no more comes. */
  get ending(): string {
    return this.#tcp.ending ?? "";
  }

  /** How often something has come, whatever it was. */
  get pieces(): number {
    return this.#pieces;
  }

  /** The messages of what came next, perhaps none; `null` when no more comes. */
  async read(): Promise<MessageBatch | null> {
    const piece = this.#first ?? await this.#tcp.read();
    this.#first = null;
    if (piece === null) return null;
    this.#pieces += 1;
    // A message that is not complete is kept, longer than the piece.
    this.#receiver.write(piece.bytes.slice());
    const messages = this.#messages;
    this.#messages = [];
    return { messages, timeMs: piece.timeMs };
  }

  send(text: string): void {
    this.#sender.send(text, { fin: true, binary: false, mask: true });
  }

  /** Whoever is there answers. */
  ping(): void {
    this.#sender.ping("", true);
  }

  /** Reads no more from now on. */
  cease(reason: string): void {
    this.#tcp.cease(reason);
  }

  /** Reads what was sent already, and then no more. */
  drain(reason: string): void {
    this.#tcp.drain(reason);
  }

  /** Says that we go; resolves when that is sent. */
  async takeLeave(): Promise<void> {
    this.#sender.close(goingAway, "", true);
    await this.#tcp.sent();
  }

  close(): void {
    this.#tcp.close();
  }

  #concluded(code: number, reason: Uint8Array): void {
    const text = Buffer.from(reason).toString();
    this.#tcp.cease(`the other side closed: ${code}${text === "" ? "" : ` ${text}`}`);
  }
}
