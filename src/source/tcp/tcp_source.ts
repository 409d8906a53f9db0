// A TCP feed as a source: connected, read, and connected again, for ever. Bytes are handed on in the
// turn in which they came; while the handler refuses, nothing is read, and TCP holds the sender up.
//
// What TCP has brought to this box counts as delivered for the sender, whether it was read or not.
// So a kill loses what was under way, at most what the system keeps of one connection; only
// `acknowledge` tells a sender what is safe.

import type { Backoff } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import { describeDuration } from "../../platform/duration.ts";
import { FairShare } from "../fair_share.ts";
import type { Run, Source, SourceHandler, SourceProblem, SourceRead } from "../source.ts";
import { type Connector, keepConnected } from "./connecting.ts";
import { IdleWatch } from "./idle_watch.ts";
import type { Piece, TcpConnection } from "./tcp_connection.ts";
import { tcpProblem } from "./tcp_problem.ts";

/** So long nobody need connect before it is told. */
const patienceMs = 10_000;
/** How long the end of a connection waits for records to be safe, to acknowledge them. */
const settleMs = 3000;

export interface TcpSourceOptions {
  readonly connector: Connector<TcpConnection>;
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** Silence after which a connection is given up. @default {none} */
  readonly idleReconnectMs?: number | undefined;
  /** Resolves when records that were read are acknowledged, as far as they are going to be. */
  readonly acknowledged?: () => Promise<void>;
}

export class TcpSource implements Source {
  readonly baudRate = null;
  readonly setting = 0;
  readonly undecided = 0;
  readonly #options: TcpSourceOptions;
  readonly #stop = new AbortController();
  readonly #share: FairShare;
  #connection: TcpConnection | null = null;
  /** What comes next does not go on with what another connection brought. */
  #begins = false;
  /** Reads on after a refusal. */
  #resume: (() => void) | null = null;
  #told = "";
  #hasConnected = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: TcpSourceOptions) {
    this.#options = options;
    this.#share = new FairShare(options.clock);
  }

  get name(): string {
    return this.#options.connector.name;
  }

  /** The connection that is being read. */
  get connection(): TcpConnection | null {
    return this.#connection;
  }

  get hasBytes(): boolean {
    return this.#resume !== null;
  }

  decode({ bytes, timeMs }: SourceRead): Run[] {
    const begins = this.#begins;
    this.#begins = false;
    return [{ bytes, timeMs, damaged: false, begins }];
  }

  settle(): Run[] {
    return [];
  }

  start(handler: SourceHandler): void {
    this.#done = this.#run(handler).catch((error) => handler.broke(error));
  }

  resume(): void {
    this.#resume?.();
  }

  /** Reads what was sent already, and acknowledges what is safe. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.resume();
    this.#connection?.drain("stopped");
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(handler: SourceHandler): Promise<void> {
    const { connector } = this.#options;
    const verb = connector.dials ? "connect to" : "listen on";
    if (!connector.dials) this.#tellNobody(handler);
    try {
      await keepConnected({
        ...this.#options,
        signal: this.#stop.signal,
        use: (connection) => this.#use(connection, handler),
        failed: (error) => this.#tell(handler, tcpProblem(`${verb} ${connector.name}`, error)),
      });
    } catch (error) {
      handler.broke(error);
    }
  }

  async #use(connection: TcpConnection, handler: SourceHandler): Promise<void> {
    const { signal } = this.#stop;
    try {
      this.#connection = connection;
      if (signal.aborted) connection.drain("stopped");
      await this.#read(connection, handler);
      await this.#acknowledged(connection);
    } finally {
      this.#connection = null;
      connection.close();
    }
    if (!signal.aborted) handler.closed(connection.ending ?? "");
  }

  async #read(connection: TcpConnection, handler: SourceHandler): Promise<void> {
    this.#told = "";
    this.#hasConnected = true;
    this.#begins = true;
    handler.opened(`${this.#options.connector.dials ? "connected to" : "from"} ${connection.peer}`);
    using idle = this.#watchIdle(connection);
    for (;;) {
      const piece = await connection.read();
      if (piece === null) return;
      idle.heard();
      if (!await this.#give(piece, handler)) return;
      await this.#share.rest(this.#stop.signal);
    }
  }

  /** All of a piece, in this turn unless it is refused; false when that is so to the end. */
  async #give({ bytes, timeMs }: Piece, handler: SourceHandler): Promise<boolean> {
    for (let at = 0; at < bytes.length;) {
      const room = handler.room(bytes.length - at);
      if (room === null) {
        if (this.#stop.signal.aborted) return false;
        await this.#resumed();
        continue;
      }
      const part = bytes.subarray(at, at + room.length);
      room.set(part);
      at += part.length;
      const isTaken = this.#share.spend(() => handler.bytes(room.subarray(0, part.length), timeMs));
      if (!isTaken && !this.#stop.signal.aborted) await this.#resumed();
    }
    return true;
  }

  async #resumed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resume = resolve;
    await promise;
    this.#resume = null;
  }

  #watchIdle(connection: TcpConnection): IdleWatch {
    const { idleReconnectMs: limitMs, clock } = this.#options;
    return new IdleWatch({
      limitMs,
      clock,
      isDeaf: () => this.hasBytes,
      tooLong: () => connection.cease(`nothing came for ${describeDuration(limitMs ?? 0)}`),
    });
  }

  /** Waits for what can still be acknowledged, and for that to be sent. */
  async #acknowledged(connection: TcpConnection): Promise<void> {
    const { acknowledged, clock } = this.#options;
    if (acknowledged === undefined) return;
    const done = new AbortController();
    const all = acknowledged().then(() => connection.sent());
    await Promise.race([all, clock.delay(settleMs, done.signal)]);
    done.abort();
  }

  #tell(handler: SourceHandler, problem: SourceProblem): void {
    if (problem.message !== this.#told) handler.unavailable(problem);
    this.#told = problem.message;
  }

  async #tellNobody(handler: SourceHandler): Promise<void> {
    const { connector: { name }, clock } = this.#options;
    await clock.delay(patienceMs, this.#stop.signal);
    if (this.#hasConnected || this.#stop.signal.aborted || this.#told !== "") return;
    this.#tell(handler, {
      kind: "not_connected",
      message: `listen on ${name}: nobody has connected yet`,
      hint:
        "let the equipment send to this box's address and listen_port; a firewall may be between",
    });
  }
}
