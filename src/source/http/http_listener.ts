// One TCP address that HTTP requests come to, for all who want some of its paths. It opens by itself
// and again by itself; whether it is open is told to those whose paths they are.

import { type Backoff, backoffMs } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Libc } from "../../platform/libc.ts";
import { errorText, type Report } from "../../platform/notice.ts";
import type { SourceProblem } from "../source.ts";
import { ConnectionLimit } from "./connection_limit.ts";
import { faultAnswer } from "./http_answer.ts";
import { requestPath } from "./http_record.ts";
import type { HttpRoute, RemoteAddress } from "./http_route.ts";
import { listenProblem } from "./listen_problem.ts";

/** How long answers that are under way may take when the address is given up. */
const graceMs = 6000;

/** Between two looks at how many connections there are. */
const lookMs = 1000;

const retry: Backoff = { initialMs: 200, maxMs: 5000, exponential: true };

/** Where is listened. */
export interface HttpAddress {
  /** `null` for all addresses of the machine. */
  readonly host: string | null;
  readonly port: number;
}

export class HttpListener {
  readonly #address: HttpAddress;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #routes = new Map<string, HttpRoute>();
  readonly #limit: ConnectionLimit;
  readonly #stopping = new AbortController();
  /** Answers that are not on their way to the end yet. */
  readonly #underWay = new Set<Promise<void>>();
  readonly #running: Promise<unknown>;
  #isOpen = false;
  #problem: SourceProblem | null = null;
  #server: { readonly abort: AbortController; readonly finished: Promise<void> } | null = null;

  /** Listens from `ready` on. */
  constructor(options: {
    readonly address: HttpAddress;
    readonly ready: Promise<void>;
    readonly libc: Libc;
    readonly clock: Clock;
    readonly report: Report;
    /** @default {as `ConnectionLimit`} */
    readonly mostConnections?: number | undefined;
  }) {
    const { address, mostConnections: most } = options;
    this.#address = address;
    this.#clock = options.clock;
    this.#report = options.report;
    this.#limit = new ConnectionLimit({ ...options, port: address.port, most });
    this.#running = options.ready.then(() => Promise.all([this.#run(), this.#watch()]));
  }

  get isUnused(): boolean {
    return this.#routes.size === 0;
  }

  add(route: HttpRoute): void {
    if (this.#routes.has(route.path)) throw new Error(`add a route: ${route.path} is taken`);
    this.#routes.set(route.path, route);
    if (this.#isOpen) route.opened(this.#where);
    else if (this.#problem !== null) route.unavailable(this.#problem);
  }

  remove(path: string): void {
    this.#routes.delete(path);
  }

  /** Takes no more requests; those that are being answered are given some time. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const answered = (async () => {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    })();
    const giveUp = new AbortController();
    await Promise.race([answered, this.#clock.delay(graceMs, giveUp.signal)]);
    giveUp.abort();
    // Not shutdown(): it waits for connections that are kept alive, on some versions for ever.
    this.#server?.abort.abort();
    await this.#running;
    this.#limit[Symbol.dispose]();
  }

  get #where(): string {
    const { host, port } = this.#address;
    return host === null ? `listening on port ${port}` : `listening on ${host}, port ${port}`;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt++) {
      if (this.#open()) {
        attempt = 0;
        await this.#server?.finished;
        this.#isOpen = false;
        this.#server = null;
        if (signal.aborted) return;
        for (const route of this.#routes.values()) route.closed("the port is not listened on");
      }
      await this.#clock.delay(backoffMs(retry, Math.max(attempt, 1)), signal);
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (this.#isOpen) this.#limit.hold();
      await this.#clock.delay(lookMs, signal);
    }
  }

  #open(): boolean {
    try {
      this.#server = this.#serve();
    } catch (error) {
      const problem = listenProblem(error, this.#address);
      if (problem.message !== this.#problem?.message) {
        for (const route of this.#routes.values()) route.unavailable(problem);
      }
      this.#problem = problem;
      return false;
    }
    this.#problem = null;
    this.#isOpen = true;
    for (const route of this.#routes.values()) route.opened(this.#where);
    return true;
  }

  #serve(): { readonly abort: AbortController; readonly finished: Promise<void> } {
    const { host, port } = this.#address;
    if (host !== null) return this.#serveOn(host, port);
    try {
      // IPv4 as well.
      return this.#serveOn("::", port);
    } catch (error) {
      const isInUse = error instanceof Deno.errors.AddrInUse;
      if (isInUse || error instanceof Deno.errors.PermissionDenied) throw error;
      return this.#serveOn("0.0.0.0", port);
    }
  }

  #serveOn(
    hostname: string,
    port: number,
  ): { readonly abort: AbortController; readonly finished: Promise<void> } {
    const abort = new AbortController();
    const options = { hostname, port, signal: abort.signal, onListen: () => {} };
    const server = Deno.serve(options, (request, { remoteAddr, completed }) => {
      const { hostname, port: from } = remoteAddr;
      const remote = { ip: hostname.replace(/^::ffff:(?=\d+\.)/, ""), port: from };
      const answered = this.#limit.asked(remote);
      const underWay = completed.catch(() => {}).finally(() => {
        this.#underWay.delete(underWay);
        answered();
      });
      this.#underWay.add(underWay);
      return this.#answer(request, remote);
    });
    const finished = server.finished.catch((error) => {
      const message = `listen on port ${port}: ${errorText(error)}`;
      this.#report({ level: "warning", kind: "source_failed", message });
    });
    return { abort, finished };
  }

  async #answer(request: Request, remote: RemoteAddress): Promise<Response> {
    const path = requestPath(request);
    const route = this.#routes.get(path);
    if (this.#stopping.signal.aborted) {
      return faultAnswer({
        status: 503,
        error: "the service stops",
        hint: "send it again in a few seconds",
        headers: { "retry-after": "5", connection: "close" },
      });
    }
    if (route === undefined) {
      const paths = [...this.#routes.keys()].join(", ");
      const hint = `post to ${paths}, or add a port with this path to the configuration`;
      return faultAnswer({ status: 404, error: `nothing is captured at ${path}`, hint });
    }
    return await route.answer(request, remote);
  }
}
