// A WebSocket feed as a source: each message is a record. Connected again for ever; a server that
// hangs is found out by pings, and a feed that has dried up by the time in which nothing came.

import type { Backoff } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import { describeDuration } from "../../platform/duration.ts";
import { type RecordHandler, RecordRefused, type RecordSource } from "../record_source.ts";
import { type Connector, keepConnected } from "../tcp/connecting.ts";
import { IdleWatch } from "../tcp/idle_watch.ts";
import { PingWatch } from "./ping_watch.ts";
import type { WebSocketConnection } from "./websocket_connection.ts";
import { websocketProblem } from "./websocket_problem.ts";

/** How often a message is tried again that disk and memory refused. */
const retryMs = 250;
/** How long the end of a connection may take on our side. */
const leaveMs = 500;

export interface WebSocketSourceOptions {
  readonly connector: Connector<WebSocketConnection>;
  /** Sent after connecting, in order. */
  readonly messages: readonly string[];
  /** So long a feed may say nothing. @default {for ever} */
  readonly stallMs?: number | undefined;
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** @default {20 s} */
  readonly pingMs?: number;
  /** @default {10 s} */
  readonly answerMs?: number;
}

export class WebSocketSource implements RecordSource {
  readonly #options: WebSocketSourceOptions;
  readonly #stop = new AbortController();
  #connection: WebSocketConnection | null = null;
  /** A message waits for disk and memory. */
  #isHeld = false;
  /** Nothing has come for too long; told, until something does. */
  #isStalled = false;
  /** A connection was told. */
  #isOpen = false;
  #told = "";
  #done: Promise<void> = Promise.resolve();

  constructor(options: WebSocketSourceOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.connector.name;
  }

  start(handler: RecordHandler): void {
    this.#done = this.#run(handler);
  }

  /** Takes what was sent already. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#connection?.drain("stopped");
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(handler: RecordHandler): Promise<void> {
    try {
      await keepConnected({
        ...this.#options,
        signal: this.#stop.signal,
        use: (connection) => this.#use(connection, handler),
        failed: (error) => this.#tell(error, handler),
      });
    } catch (error) {
      handler.broke(error);
    }
  }

  async #use(connection: WebSocketConnection, handler: RecordHandler): Promise<void> {
    const { messages, clock } = this.#options;
    const { signal } = this.#stop;
    this.#told = "";
    try {
      this.#connection = connection;
      if (signal.aborted) connection.drain("stopped");
      for (const text of messages) connection.send(text);
      if (!this.#isStalled) this.#tellOpened(connection, handler);
      await this.#read(connection, handler);
      const left = new AbortController();
      await Promise.race([connection.takeLeave(), clock.delay(leaveMs, left.signal)]);
      left.abort();
    } finally {
      this.#connection = null;
      connection.close();
    }
    if (this.#isOpen && !signal.aborted) handler.closed(connection.ending);
    this.#isOpen = false;
  }

  async #read(connection: WebSocketConnection, handler: RecordHandler): Promise<void> {
    const { pingMs = 20_000, answerMs = 10_000, stallMs, clock } = this.#options;
    const isDeaf = (): boolean => this.#isHeld;
    using _pings = new PingWatch({ connection, pingMs, answerMs, isDeaf });
    using stall = new IdleWatch({
      limitMs: stallMs,
      clock,
      isDeaf,
      tooLong: () => this.#stalled(connection, handler),
    });
    for (let batch = await connection.read(); batch !== null; batch = await connection.read()) {
      for (const message of batch.messages) {
        if (!await this.#take(message, batch.timeMs, handler)) return;
        stall.heard();
        if (!this.#isStalled) continue;
        this.#isStalled = false;
        this.#tellOpened(connection, handler);
      }
    }
  }

  /** In order: one that is refused is tried again until it is taken; false when that is never. */
  async #take(message: Uint8Array, timeMs: number, handler: RecordHandler): Promise<boolean> {
    const { clock } = this.#options;
    while (!await isTaken(handler.take(message, timeMs))) {
      if (this.#stop.signal.aborted) return false;
      this.#isHeld = true;
      await clock.delay(retryMs, this.#stop.signal);
    }
    this.#isHeld = false;
    return true;
  }

  #tellOpened({ peer }: WebSocketConnection, handler: RecordHandler): void {
    this.#isOpen = true;
    handler.opened(`connected to ${peer}`);
  }

  #tell(error: unknown, handler: RecordHandler): void {
    const problem = websocketProblem(this.name, error);
    if (problem.message !== this.#told) handler.unavailable(problem);
    this.#told = problem.message;
  }

  /** Connects anew, which asks for the feed again; told once until something comes. */
  #stalled(connection: WebSocketConnection, handler: RecordHandler): void {
    const time = describeDuration(this.#options.stallMs ?? 0);
    connection.cease(`nothing came for ${time}`);
    if (this.#isStalled) return;
    this.#isStalled = true;
    handler.unavailable({
      kind: "stalled",
      message: `${this.name}: connected, and nothing came for ${time}`,
      hint: "look whether the server has something to send, and whether it wants other messages; " +
        "it is connected anew by itself",
    });
  }
}

/**
 * Whether a record was taken, known in the turn in which it came. What becomes of it later, on the
 * disk, the journal tells.
 */
async function isTaken(taking: Promise<void>): Promise<boolean> {
  let isRefused = false;
  taking.catch((error: unknown) => {
    if (!(error instanceof RecordRefused)) throw error;
    isRefused = !error.isKept;
  });
  await Promise.resolve();
  return !isRefused;
}
