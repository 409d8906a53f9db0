// One connection to a sink, from dial to the first doubt. The client's own reconnecting is off: a
// server then gets a strict prefix of what was sent on a connection, so a stream never has a hole
// that later records have passed. Any doubt ends the session; the next one compares and goes on.

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import {
  type ConnectionOptions,
  createInbox,
  headers,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/transport-node";
import type { Progress } from "../journal/holders.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { JournalRecord } from "../record.ts";
import type { CursorFile } from "./cursor.ts";
import { dial } from "./dial.ts";
import { messageBytes, messageHeaders } from "./message.ts";
import { type Outcome, readOutcome, type Trouble } from "./outcome.ts";
import { Publisher } from "./publisher.ts";
import { reconcile } from "./reconcile.ts";
import { maxInFlight } from "./resume.ts";
import { SendWindow } from "./send_window.ts";
import { apiFailure, SessionEnd } from "./session_end.ts";
import { StreamSearch } from "./stream_search.ts";
import { StreamWatch } from "./stream_watch.ts";
import { ensureStream, type WantedStream } from "./streams.ts";

/** A channel as a sink sees it. */
export interface Feed {
  readonly journal: Journal;
  readonly subject: string;
}

export interface SessionOptions {
  readonly connection: ConnectionOptions;
  readonly feeds: readonly Feed[];
  readonly cursors: CursorFile;
  /** The stream to make when there is none; `null` when none may be made. */
  readonly wantedStream: WantedStream | null;
  /** Records that may be under way at the start; 1 probes a server that had no room before. */
  readonly initialWindow: number;
  readonly clock: Clock;
  readonly report: Report;
  /** Ends the opening, which a server that does not answer would draw out. */
  readonly signal: AbortSignal;
}

/** A publish that is not acknowledged within this time is in doubt, and is told within 5 s. */
const ackTimeoutMs = 4000;
const apiTimeoutMs = 5000;

export class Session {
  readonly #options: SessionOptions;
  readonly #connection: NatsConnection;
  readonly #window: SendWindow;
  readonly #publishers: Publisher[] = [];
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly #inbox = createInbox();
  readonly #watch: StreamWatch;

  /** Connects, finds or makes the stream, and compares. @throws {SessionEnd} */
  static async open(options: SessionOptions): Promise<Session> {
    const connection = await dial(options.connection, options.signal);
    const session = new Session(options, connection);
    const stop = (): void => session.#end("disconnected", "stopped");
    options.signal.addEventListener("abort", stop);
    if (options.signal.aborted) stop();
    try {
      // A connection that breaks while we compare must not leave us waiting for its answers.
      await Promise.race([session.#begin(), session.ended.then((end) => Promise.reject(end))]);
      return session;
    } catch (error) {
      await session.close();
      throw apiFailure("compare with the stream", error);
    } finally {
      options.signal.removeEventListener("abort", stop);
    }
  }

  private constructor(options: SessionOptions, connection: NatsConnection) {
    this.#options = options;
    this.#connection = connection;
    this.#window = new SendWindow({ initial: options.initialWindow, maxRecords: maxInFlight });
    this.#watch = new StreamWatch({
      clock: options.clock,
      doubt: (end) => this.#finish(end),
    });
    connection.closed().then((error) => {
      this.#end("disconnected", error instanceof Error ? error.message : "connection closed");
    });
  }

  /** Resolves with the reason when the session cannot go on. */
  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  /** Address of the server. */
  get server(): string {
    return this.#connection.getServer();
  }

  get delivered(): number {
    return this.#publishers.reduce((sum, publisher) => sum + publisher.delivered, 0);
  }

  /** All that is synced has been acknowledged. */
  get caughtUp(): boolean {
    return this.#publishers.every((publisher) => publisher.caughtUp);
  }

  /** Ends the session when an answer is overdue. Call it about once a second. */
  checkProgress(): void {
    this.#watch.check();
    const nowMs = this.#options.clock.monotonicMs();
    for (const publisher of this.#publishers) {
      const sentMs = publisher.oldestSentMs;
      if (sentMs !== null && nowMs - sentMs > ackTimeoutMs) {
        this.#end("stalled", `no acknowledgement for ${ackTimeoutMs / 1000} s`);
      }
    }
  }

  /** How far the channel of the feed with this index has come. */
  progress(feed: number): Progress | undefined {
    return this.#publishers[feed]?.progress;
  }

  /** Notes the position of every channel. */
  noteCursors(): void {
    for (const [i, publisher] of this.#publishers.entries()) {
      const name = this.#options.feeds[i]?.journal.name;
      const streamEnd = this.#watch.end(publisher.stream);
      if (name !== undefined) this.#options.cursors.set(name, publisher.cursor(streamEnd));
    }
  }

  /** Begins to publish. */
  start(): void {
    this.#watch.start();
    for (const publisher of this.#publishers) {
      publisher.run(this.#stop.signal).catch((error) => {
        this.#end("stalled", `read the journal: ${errorText(error)}`, error);
      });
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#window.close();
    this.noteCursors();
    await this.#connection.close();
  }

  async #begin(): Promise<void> {
    const { feeds } = this.#options;
    this.#watchErrors();
    this.#connection.subscribe(`${this.#inbox}.>`, {
      callback: (error, message) => {
        if (error) return this.#end("unauthorized", error.message);
        const [feed, sequence] = message.subject.slice(this.#inbox.length + 1).split(".");
        this.#settle(Number(feed), Number(sequence), message.data, message.headers?.code);
      },
    });
    const bySubject = Map.groupBy(feeds, ({ subject }) => subject);
    const publishers = new Map<Feed, Publisher>();
    for (const [subject, group] of bySubject) {
      for (const [feed, publisher] of await this.#compare(subject, group)) {
        publishers.set(feed, publisher);
      }
    }
    for (const feed of feeds) {
      const publisher = publishers.get(feed);
      if (publisher === undefined) throw new Error(`no publisher for ${feed.journal.name}`);
      this.#publishers.push(publisher);
    }
  }

  /** Finds where each channel of a subject goes on. */
  async #compare(subject: string, group: readonly Feed[]): Promise<[Feed, Publisher][]> {
    const { cursors, wantedStream, clock, report } = this.#options;
    const api = { timeout: apiTimeoutMs };
    const manager = await jetstreamManager(this.#connection, { ...api, checkAPI: false });
    const client = jetstream(this.#connection, api);
    const stream = await ensureStream(manager, subject, wantedStream);
    const search = new StreamSearch({ client, manager, stream, subject });
    const channels = group.map(({ journal }) => ({
      channel: journal.name,
      cursor: cursors.get(journal.name),
      journal,
    }));
    const extent = await search.extent();
    this.#watch.add(stream, extent, () => search.extent());
    const reconciled = await reconcile({ search, extent, stream, channels });
    return group.map((feed) => {
      const { journal } = feed;
      const point = reconciled.get(journal.name);
      if (point === undefined) throw new Error(`not compared: ${journal.name}`);
      if (point.streamAhead !== null) {
        journal.beginEpoch(point.streamAhead + 1, "the stream holds numbers the journal lost");
      }
      if (point.rewoundFrom !== null) {
        report({
          level: "warning",
          kind: "stream_lost_records",
          message: `${journal.name}: the stream lost records it had acknowledged; ` +
            `sending again from ${point.cursor.next}`,
          details: { from: point.cursor.next, to: point.rewoundFrom - 1 },
        });
      }
      const index = this.#options.feeds.indexOf(feed);
      const send = (record: JournalRecord): Outcome | null => this.#send(index, feed, record);
      const { cursor, skip } = point;
      const window = this.#window;
      return [feed, new Publisher({ journal, cursor, skip, window, clock, report, send })];
    });
  }

  #send(index: number, feed: Feed, record: JournalRecord): Outcome | null {
    const fields = messageHeaders(feed.journal.name, record);
    const limit = this.#connection.info?.max_payload ?? Infinity;
    const bytes = messageBytes(fields, record.line);
    if (bytes > limit) {
      return { kind: "rejected", message: `${bytes} bytes, and max_payload is ${limit}` };
    }
    const messageHeader = headers();
    for (const [name, value] of fields) messageHeader.set(name, value);
    try {
      this.#connection.publish(feed.subject, record.line, {
        reply: `${this.#inbox}.${index}.${record.sequence}`,
        headers: messageHeader,
      });
    } catch (error) {
      this.#end("disconnected", `publish: ${errorText(error)}`, error);
    }
    return null;
  }

  #settle(feed: number, sequence: number, data: Uint8Array, status: number | undefined): void {
    const outcome = readOutcome(data, status);
    if (outcome.kind === "hold") return this.#end(outcome.trouble, outcome.message);
    const publisher = this.#publishers[feed];
    if (publisher === undefined) return;
    if (outcome.kind === "stored" && !this.#watch.confirm(publisher.stream, outcome)) return;
    publisher.settle(sequence, outcome);
  }

  async #watchErrors(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "error" && status.error instanceof PermissionViolationError) {
        this.#end("unauthorized", status.error.message, status.error);
      }
    }
  }

  #end(trouble: Trouble, message: string, cause?: unknown): void {
    this.#finish(new SessionEnd(trouble, message, cause));
  }

  #finish(end: SessionEnd): void {
    this.#stop.abort();
    this.#ended.resolve(end);
  }
}
