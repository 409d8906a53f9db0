// Those who have connected to us. One is read at a time. An exchange that lost its link dials in
// again while its old connection still looks alive here, so a newer one takes over; but not before
// it sends something: who only connects, such as a port scanner or a watchdog, must not cut off the
// one that sends.

import type { TcpConnection } from "./tcp_connection.ts";

/** Connections besides the one that is read; the oldest goes for the next. */
const mostSilent = 8;
const mostSenders = 2;

export class Callers {
  readonly #replaced: (former: TcpConnection, next: TcpConnection) => void;
  /** Those that have sent something, and those that have not; the newest stand last. */
  #senders: TcpConnection[] = [];
  #silent: TcpConnection[] = [];
  #current: TcpConnection | null = null;
  #noMore: { readonly reason: unknown } | null = null;
  #news = Promise.withResolvers<void>();

  constructor(options: {
    /** One that sends takes the place of the one that was read. */
    readonly replaced: (former: TcpConnection, next: TcpConnection) => void;
  }) {
    this.#replaced = options.replaced;
  }

  add(caller: TcpConnection): void {
    this.#silent.push(caller);
    if (this.#silent.length > mostSilent) this.#silent.shift()?.close();
    this.#tellNews();
    caller.peek().then((piece) => {
      if (!this.#silent.includes(caller)) return;
      this.#silent = this.#silent.filter((each) => each !== caller);
      if (piece === null) caller.close();
      else this.#prefer(caller);
    });
  }

  /** The next one to be read; the one before must have been closed. @throws the reason why none comes */
  async next(signal: AbortSignal): Promise<TcpConnection> {
    this.#current = null;
    this.#noMore = null;
    const stop = (): void => this.noMoreCome(signal.reason);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      for (;;) {
        this.#throwIfNoMore();
        this.#current = this.#senders.pop() ?? this.#silent.pop() ?? null;
        if (this.#current !== null) return this.#current;
        await this.#news.promise;
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Whoever waits for the next one waits in vain. */
  noMoreCome(reason: unknown): void {
    this.#noMore = { reason };
    this.#tellNews();
  }

  close(): void {
    for (const caller of [...this.#senders.splice(0), ...this.#silent.splice(0)]) caller.close();
  }

  #throwIfNoMore(): void {
    if (this.#noMore !== null) throw this.#noMore.reason;
  }

  #prefer(caller: TcpConnection): void {
    this.#senders.push(caller);
    if (this.#senders.length > mostSenders) this.#senders.shift()?.close();
    if (this.#current === null || this.#current.isEnding) return this.#tellNews();
    this.#replaced(this.#current, caller);
    this.#current.drain("another connection has begun to send");
  }

  #tellNews(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
