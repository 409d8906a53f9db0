// Keeps the connections to a port within bounds, whoever forgets to close them or means harm: else they
// would take every descriptor of the process, and the journals could open no file. Deno says nothing of
// a connection before its first request; so the process's own sockets are looked at, and those are ended
// on which nothing is answered: of whoever has most of them, the ones that have been quiet the longest.

import type { Clock } from "../../platform/clock.ts";
import type { Libc } from "../../platform/libc.ts";
import type { Report } from "../../platform/notice.ts";
import { type OwnConnection, OwnSockets } from "../../platform/own_sockets.ts";
import type { RemoteAddress } from "./http_route.ts";

/** For one port: more than senders of records have. */
const defaultMost = 256;
const tellMs = 60_000;

export interface ConnectionLimitOptions {
  readonly port: number;
  readonly libc: Libc;
  readonly clock: Clock;
  readonly report: Report;
  /** @default {256} */
  readonly most?: number | undefined;
}

export class ConnectionLimit implements Disposable {
  readonly #options: ConnectionLimitOptions;
  readonly #most: number;
  readonly #sockets: OwnSockets;
  /** Requests that are being answered, by sender. */
  readonly #underWay = new Map<string, number>();
  /** Since when senders have been quiet, on the monotonic clock. */
  readonly #quietMs = new Map<string, number>();
  /** When it was looked last, on the monotonic clock. */
  #lookMs = 0;
  #toldMs = -Infinity;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
    this.#most = options.most ?? defaultMost;
    this.#sockets = new OwnSockets(options.libc);
  }

  /** A request came in; call what this returns when it is answered. */
  asked(remote: RemoteAddress): () => void {
    const sender = nameOf(remote);
    this.#underWay.set(sender, (this.#underWay.get(sender) ?? 0) + 1);
    return () => {
      const left = (this.#underWay.get(sender) ?? 1) - 1;
      if (left > 0) this.#underWay.set(sender, left);
      else this.#underWay.delete(sender);
      this.#quietMs.set(sender, this.#options.clock.monotonicMs());
    };
  }

  /** Ends connections that are too many. To be called every second or so. */
  hold(): void {
    const connections = this.#sockets.connectionsOn(this.#options.port);
    this.#noteSenders(connections);
    const excess = connections.length - this.#most;
    if (excess <= 0) return;
    const ended = this.#mostDispensable(connections).slice(0, excess);
    for (const connection of ended) this.#sockets.end(connection);
    if (ended.length > 0) this.#tell(connections.length, ended);
  }

  [Symbol.dispose](): void {
    this.#sockets[Symbol.dispose]();
  }

  #noteSenders(connections: readonly OwnConnection[]): void {
    const present = new Set(connections.map(({ peer }) => nameOf(peer)));
    for (const sender of [...this.#quietMs.keys()]) {
      if (!present.has(sender)) this.#quietMs.delete(sender);
    }
    // Who has not asked for anything counts as older than all who have since.
    for (const sender of present) {
      if (!this.#quietMs.has(sender)) this.#quietMs.set(sender, this.#lookMs);
    }
    this.#lookMs = this.#options.clock.monotonicMs();
  }

  /** First those that have the most beside them from the same address that are younger. */
  #mostDispensable(connections: readonly OwnConnection[]): OwnConnection[] {
    const quiet = connections.filter(({ peer }) => !this.#underWay.has(nameOf(peer)));
    const quietMs = ({ peer }: OwnConnection): number => this.#quietMs.get(nameOf(peer)) ?? 0;
    const ranked = [...Map.groupBy(quiet, ({ peer }) => peer.ip).values()].flatMap((ofOne) =>
      ofOne
        .sort((a, b) => quietMs(b) - quietMs(a))
        .map((connection, rank) => ({ connection, rank }))
    );
    return ranked.sort((a, b) => b.rank - a.rank).map(({ connection }) => connection);
  }

  #tell(open: number, ended: readonly OwnConnection[]): void {
    const { port, clock, report } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#toldMs < tellMs) return;
    this.#toldMs = nowMs;
    const from = [...new Set(ended.map(({ peer }) => peer.ip))];
    const others = from.length > 1 ? ` and ${from.length - 1} others` : "";
    report({
      level: "warning",
      kind: "connections_limited",
      message: `port ${port}: ${open} connections, more than ${this.#most}: ` +
        `${ended.length} that were quiet were closed, of ${from[0]}${others}`,
      hint: `see who opens so many, and why they stay open: ss -tn sport = :${port}`,
      details: { open, limit: this.#most, closed: ended.length },
    });
  }
}

function nameOf({ ip, port }: RemoteAddress): string {
  return `${ip} ${port}`;
}
