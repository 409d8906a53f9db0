// One TCP connection, with TLS or without, read piece by piece. It can be told to read no more and
// stay open: what was promised to the other side may still have to be sent.

import type { Clock } from "../../platform/clock.ts";
import { errorText } from "../../platform/notice.ts";
import { hostAndPort } from "./host_and_port.ts";

const pieceBytes = 16 * 1024;

/** Without a byte for so long, nothing waits any more that was sent before. */
const quietMs = 20;
/** Somebody who never pauses is cut off. */
const longestDrainMs = 1000;

export interface Piece {
  /** Only until the next read. */
  readonly bytes: Uint8Array;
  /** When it was read, milliseconds since 1970. */
  readonly timeMs: number;
}

export class TcpConnection {
  /** Address and port of the other side. */
  readonly peer: string;
  readonly #conn: Deno.Conn;
  readonly #clock: Clock;
  readonly #buffer = new Uint8Array(pieceBytes);
  #pending: Promise<Piece | null> | null = null;
  #isReading = false;
  #finish: (piece: Piece | null) => void = () => {};
  #ending: string | null = null;
  #drain: { readonly reason: string; readonly endMs: number } | null = null;
  #unsent: Uint8Array[] = [];
  #sending: Promise<void> | null = null;
  #quietTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(conn: Deno.Conn, clock: Clock) {
    this.#conn = conn;
    this.#clock = clock;
    this.peer = hostAndPort(conn.remoteAddr);
  }

  /** Why no more comes; `null` while more may. */
  get ending(): string | null {
    return this.#ending;
  }

  /** No more comes than was sent already, at most. */
  get isEnding(): boolean {
    return this.#ending !== null || this.#drain !== null;
  }

  /** What comes next; `null` when no more does. */
  read(): Promise<Piece | null> {
    const piece = this.peek();
    this.#pending = null;
    return piece;
  }

  /** The same, left to be read. */
  peek(): Promise<Piece | null> {
    return this.#pending ??= this.#receive();
  }

  /** Reads no more from now on. */
  cease(reason: string): void {
    this.#ending ??= reason;
    this.#finish(null);
  }

  /** Reads what was sent already, and then no more. */
  drain(reason: string): void {
    if (this.#drain !== null) return;
    this.#drain = { reason, endMs: this.#clock.monotonicMs() + longestDrainMs };
    // What was read and is still being taken keeps the connection open.
    if (this.#isReading) this.#awaitQuiet();
  }

  /** Sends bytes behind what was to be sent before, as soon as the other side takes them. */
  send(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when nothing is to be sent any more. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  close(): void {
    this.cease("closed");
    closeConn(this.#conn);
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#unsent.length > 0) {
        const bytes = joined(this.#unsent.splice(0));
        for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
      }
    } catch (error) {
      this.cease(endOf(error));
    }
    this.#sending = null;
  }

  #receive(): Promise<Piece | null> {
    return new Promise((resolve) => {
      if (this.#ending !== null) return resolve(null);
      this.#isReading = true;
      this.#finish = (piece) => {
        this.#isReading = false;
        clearTimeout(this.#quietTimer);
        resolve(piece);
      };
      if (this.#drain !== null) this.#awaitQuiet();
      this.#conn.read(this.#buffer).then((count) => {
        if (count === null) return this.cease("the other side closed the connection");
        const bytes = this.#buffer.subarray(0, count);
        this.#finish({ bytes, timeMs: this.#clock.wallMs() });
      }, (error) => this.cease(endOf(error)));
    });
  }

  #awaitQuiet(): void {
    const { reason = "", endMs = 0 } = this.#drain ?? {};
    clearTimeout(this.#quietTimer);
    if (this.#clock.monotonicMs() >= endMs) return this.cease(reason);
    this.#quietTimer = setTimeout(() => this.cease(reason), quietMs);
  }
}

/** Closes what may be closed already, or gone. */
export function closeConn(conn: { close(): void }): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function endOf(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionReset) return "the other side reset the connection";
  if (error instanceof Deno.errors.TimedOut) return "the other side does not answer any more";
  return errorText(error);
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
