// Asks the other side again and again whether it is there, and gives the connection up when nothing
// comes back. Anything that comes counts: behind much data, an answer to a ping can be late.

import type { WebSocketConnection } from "./websocket_connection.ts";

export interface PingWatchOptions {
  readonly connection: Pick<WebSocketConnection, "ping" | "pieces" | "cease">;
  /** Between two questions. */
  readonly pingMs: number;
  /** How long nothing may come behind a question. */
  readonly answerMs: number;
  /** Nothing can be heard now, because nobody listens. */
  readonly isDeaf: () => boolean;
}

export class PingWatch implements Disposable {
  readonly #options: PingWatchOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PingWatchOptions) {
    this.#options = options;
    this.#wait();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#ask(), this.#options.pingMs);
  }

  #ask(): void {
    const { connection, answerMs, isDeaf } = this.#options;
    if (isDeaf()) return this.#wait();
    const before = connection.pieces;
    connection.ping();
    this.#timer = setTimeout(() => {
      if (connection.pieces !== before || isDeaf()) return this.#wait();
      connection.cease(`no answer to a ping for ${answerMs / 1000} s`);
    }, answerMs);
  }
}
