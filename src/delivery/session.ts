// One connection to a sink, from dial to the first doubt. Any doubt ends the session; the next one
// compares and goes on.

import type { Progress } from "../journal/holders.ts";
import type { Journal } from "../journal/journal.ts";
import type { Clock } from "../platform/clock.ts";
import { errorText, type Report } from "../platform/notice.ts";
import type { Restraint } from "../platform/restraint.ts";
import type { JournalRecord } from "../record.ts";
import type { CursorFile } from "./cursor.ts";
import { messageBytes, messageHeaders } from "./message.ts";
import type { Outcome, Trouble } from "./outcome.ts";
import { Publisher } from "./publisher.ts";
import { type Acknowledged, reconcile } from "./reconcile.ts";
import { maxInFlight } from "./resume.ts";
import { SendWindow } from "./send_window.ts";
import { apiFailure, SessionEnd } from "./session_end.ts";
import type { StreamConnection, StreamServer, SubjectStream, Ticket } from "./stream_server.ts";
import type { StreamStorage } from "./stream_storage.ts";
import { StreamWatch } from "./stream_watch.ts";
import type { WantedStream } from "./streams.ts";

/** A channel as a sink sees it. */
export interface Feed {
  readonly journal: Journal;
  readonly subject: string;
}

export interface SessionOptions {
  readonly server: StreamServer;
  readonly feeds: readonly Feed[];
  readonly cursors: CursorFile;
  /** By channel, on connections before. */
  readonly acknowledged: ReadonlyMap<string, Acknowledged>;
  /** The stream to make when there is none; `null` when none may be made. */
  readonly wantedStream: WantedStream | null;
  /** Records that may be under way at the start; 1 probes a server that had no room before. */
  readonly initialWindow: number;
  /** @default {none} */
  readonly restraint?: Restraint | undefined;
  readonly clock: Clock;
  readonly report: Report;
  /** Ends the opening, which a server that does not answer would draw out. */
  readonly signal: AbortSignal;
}

/** A publish that is not acknowledged within this time is in doubt, and is told within 5 s. */
const ackTimeoutMs = 4000;

/** A server that answers, answers sooner. */
const lastLookMs = 300;

export class Session {
  readonly #options: SessionOptions;
  readonly #connection: StreamConnection;
  readonly #window: SendWindow;
  /** By feed, as far as its journal could be opened. */
  readonly #publishers = new Map<number, Publisher>();
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly #watch: StreamWatch;
  #isComparing = false;
  readonly #streams = new Map<string, SubjectStream>();

  /** Connects, finds or makes the stream, and compares. @throws {SessionEnd} */
  static async open(options: SessionOptions): Promise<Session> {
    const connection = await options.server.connect(options.signal);
    const session = new Session(options, connection);
    const stop = (): void => session.#end("disconnected", "stopped");
    options.signal.addEventListener("abort", stop);
    if (options.signal.aborted) stop();
    try {
      // A connection that breaks while we compare must not leave us waiting for its answers.
      await Promise.race([
        session.#compareOpened(),
        session.ended.then((end) => Promise.reject(end)),
      ]);
      return session;
    } catch (error) {
      await session.close();
      throw apiFailure("compare with the stream", error);
    } finally {
      options.signal.removeEventListener("abort", stop);
    }
  }

  private constructor(options: SessionOptions, connection: StreamConnection) {
    this.#options = options;
    this.#connection = connection;
    this.#window = new SendWindow({
      ...options,
      initial: options.initialWindow,
      maxRecords: maxInFlight,
    });
    this.#watch = new StreamWatch({
      clock: options.clock,
      doubt: (end) => this.#finish(end),
      cursors: () => [...this.acknowledged()].map(([channel, { cursor }]) => [channel, cursor]),
      keep: (cursors) => {
        for (const [channel, cursor] of cursors) options.cursors.set(channel, cursor);
      },
    });
    connection.ended.then((end) => this.#finish(end));
    connection.listen((ticket, outcome) => this.#settle(ticket, outcome));
  }

  /** Resolves with the reason when the session cannot go on. */
  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  /** Address of the server. */
  get server(): string {
    return this.#connection.address;
  }

  get delivered(): number {
    return [...this.#publishers.values()].reduce((sum, { delivered }) => sum + delivered, 0);
  }

  /** All that is synced has been acknowledged; false while no journal is open. */
  get caughtUp(): boolean {
    const publishers = [...this.#publishers.values()];
    return publishers.length > 0 && publishers.every(({ caughtUp }) => caughtUp);
  }

  /** Ends the session when an answer is overdue. Call it about once a second. */
  checkProgress(): void {
    this.#watch.check();
    this.#joinOpened();
    const nowMs = this.#options.clock.monotonicMs();
    for (const publisher of this.#publishers.values()) {
      const sentMs = publisher.oldestSentMs;
      if (sentMs !== null && nowMs - sentMs > ackTimeoutMs) {
        this.#end("stalled", `no acknowledgement for ${ackTimeoutMs / 1000} s`);
      }
    }
  }

  /** How full the streams are. @throws {Error} when the server does not tell */
  storage(): Promise<StreamStorage[]> {
    return Promise.all([...this.#streams.values()].map((stream) => stream.storage()));
  }

  /** How far the channel of the feed with this index has come. */
  progress(feed: number): Progress | undefined {
    return this.#publishers.get(feed)?.progress;
  }

  /** How far the channels have come. */
  acknowledged(): Map<string, Acknowledged> {
    return new Map([...this.#publishers.values()].map((publisher) => {
      const { end, leadership } = this.#watch.seen(publisher.stream);
      return [publisher.channel, { cursor: publisher.cursor(end), leadership }];
    }));
  }

  /** Begins to publish. */
  start(): void {
    this.#watch.start();
    for (const publisher of this.#publishers.values()) this.#run(publisher);
  }

  /** Has cursors kept up to where they are now, where that can be known soon. */
  async keepCursors(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const over = new AbortController();
    const late = this.#options.clock.delay(lastLookMs, over.signal);
    await Promise.race([this.#watch.lookAnew(), this.ended, late]);
    over.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#window.close();
    await this.#connection.close();
  }

  #run(publisher: Publisher): void {
    publisher.run(this.#stop.signal).catch((error) => {
      this.#end("stalled", `read the journal: ${errorText(error)}`, error);
    });
  }

  /** Channels that are not compared yet, of those whose numbers are final. */
  #opened(): Feed[] {
    return this.#options.feeds.filter(({ journal }, i) =>
      journal.isOpen && !this.#publishers.has(i)
    );
  }

  /** Compares these channels, which may take turns with the server. Returns their publishers. */
  async #compareOpened(): Promise<Publisher[]> {
    const compared: Publisher[] = [];
    for (const [subject, group] of Map.groupBy(this.#opened(), ({ subject }) => subject)) {
      for (const [feed, publisher] of await this.#compare(subject, group)) {
        this.#publishers.set(feed, publisher);
        compared.push(publisher);
      }
    }
    return compared;
  }

  /** Takes in channels whose disk could not be opened before. */
  async #joinOpened(): Promise<void> {
    if (this.#isComparing || this.#opened().length === 0) return;
    this.#isComparing = true;
    try {
      for (const publisher of await this.#compareOpened()) this.#run(publisher);
    } catch (error) {
      this.#finish(apiFailure("compare with the stream", error));
    }
    this.#isComparing = false;
  }

  /** Finds where each channel of a subject goes on. */
  async #compare(subject: string, group: readonly Feed[]): Promise<[number, Publisher][]> {
    const { cursors, acknowledged, wantedStream, clock, report } = this.#options;
    const stream = await this.#connection.stream(subject, wantedStream);
    const channels = group.map(({ journal }) => ({
      channel: journal.name,
      cursor: cursors.get(journal.name),
      acknowledged: acknowledged.get(journal.name),
      journal,
    }));
    this.#streams.set(stream.name, stream);
    const extent = await stream.extent();
    this.#watch.add(stream, extent);
    const reconciled = await reconcile({ stream, extent, channels });
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
          channel: journal.name,
          message: `${journal.name}: the stream lost records it had acknowledged; ` +
            `sending again from ${point.cursor.next}`,
          details: { from: point.cursor.next, to: point.rewoundFrom - 1 },
        });
      }
      const index = this.#options.feeds.indexOf(feed);
      const send = (record: JournalRecord): Outcome | null => this.#send(index, feed, record);
      const { cursor, skip } = point;
      cursors.set(journal.name, cursor);
      const window = this.#window;
      return [index, new Publisher({ journal, cursor, skip, window, clock, report, send })];
    });
  }

  #send(feed: number, { journal, subject }: Feed, record: JournalRecord): Outcome | null {
    const { sequence, line: payload } = record;
    const headers = messageHeaders(journal.name, record);
    const limit = this.#connection.maxPayload;
    const bytes = messageBytes(headers, payload);
    if (bytes > limit) {
      return { kind: "rejected", message: `${bytes} bytes, and max_payload is ${limit}` };
    }
    this.#connection.publish({ subject, headers, payload }, { feed, sequence });
    return null;
  }

  #settle({ feed, sequence }: Ticket, outcome: Outcome): void {
    if (outcome.kind === "hold") return this.#end(outcome.trouble, outcome.message);
    const publisher = this.#publishers.get(feed);
    if (publisher === undefined) return;
    if (outcome.kind === "stored" && !this.#watch.confirm(publisher.stream, outcome)) return;
    publisher.settle(sequence, outcome);
  }

  #end(trouble: Trouble, message: string, cause?: unknown): void {
    this.#finish(new SessionEnd(trouble, message, { cause }));
  }

  #finish(end: SessionEnd): void {
    this.#stop.abort();
    this.#ended.resolve(end);
  }
}
