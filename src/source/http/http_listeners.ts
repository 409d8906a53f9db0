// The TCP addresses that HTTP requests come to. Channels share them, and whoever else answers
// requests: an address is listened on from its first route to its last.

import type { Clock } from "../../platform/clock.ts";
import type { Libc } from "../../platform/libc.ts";
import type { Report } from "../../platform/notice.ts";
import { type HttpAddress, HttpListener } from "./http_listener.ts";
import { HttpLoad } from "./http_load.ts";
import type { HttpRoute } from "./http_route.ts";

export interface HttpListenersOptions {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly report: Report;
  /** @default {room for one of the largest posts and many of the usual ones} */
  readonly load?: HttpLoad;
  /** To one address. @default {256} */
  readonly mostConnections?: number;
}

export class HttpListeners {
  /** What all posts together hold in memory. */
  readonly load: HttpLoad;
  readonly #options: HttpListenersOptions;
  readonly #listeners = new Map<string, HttpListener>();
  /** Those that were given up may not have let go of their addresses yet. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(options: HttpListenersOptions) {
    this.load = options.load ?? new HttpLoad();
    this.#options = options;
  }

  /**
   * Requests for the route's path are its own from now on, until what this returns is called, which
   * resolves when the last of them is answered.
   * @throws {Error} when the path is taken
   */
  add(address: HttpAddress, route: HttpRoute): () => Promise<void> {
    const key = `${address.host ?? "*"} ${address.port}`;
    let listener = this.#listeners.get(key);
    if (listener === undefined) {
      const ready = this.#closing.get(key) ?? Promise.resolve();
      listener = new HttpListener({ ...this.#options, address, ready });
      this.#listeners.set(key, listener);
    }
    listener.add(route);
    return () => this.#remove(key, route.path);
  }

  async #remove(key: string, path: string): Promise<void> {
    const listener = this.#listeners.get(key);
    listener?.remove(path);
    if (listener === undefined || !listener.isUnused) return;
    this.#listeners.delete(key);
    const closing = listener.stop();
    this.#closing.set(key, closing);
    await closing;
    if (this.#closing.get(key) === closing) this.#closing.delete(key);
  }
}
