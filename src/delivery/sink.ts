// A sink: one JetStream destination of all channels.
//
// Guarantees. Every record that is synced in a journal reaches the stream, in the order of its
// channel, once. Nothing is held in memory for it: the journal is the queue, and a sink that is away
// is a cursor that stands still.
//
// How. A session (session.ts) publishes from the cursor on, a window of records under way at once,
// and moves the cursor over what is acknowledged without a hole, once a later look at the stream has
// confirmed it (stream_watch.ts). Any doubt (a cut, a refusal, an acknowledgement that does not come, a
// stream that has another leader) ends the session. The next one first compares with the stream
// itself (reconcile.ts): what is really there is skipped, what is not is sent again. Message ids that
// never change let the server drop what still arrives twice.
//
// The cursor on disk is only a hint where to look: an old one costs a longer search.

import { backoffMs } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import { errorPlace, errorText, type Report } from "../platform/notice.ts";
import type { Restraint } from "../platform/restraint.ts";
import { CursorFile } from "./cursor.ts";
import { cursorPath } from "./destinations.ts";
import { FeedProgress } from "./feed_progress.ts";
import { type Trouble, troubleHints } from "./outcome.ts";
import { RetryPause } from "./retry_pause.ts";
import { type Feed, Session } from "./session.ts";
import { SessionEnd } from "./session_end.ts";
import type { StreamServer } from "./stream_server.ts";
import { StorageWatch } from "./storage_watch.ts";
import type { StorageUse } from "./stream_storage.ts";
import type { WantedStream } from "./streams.ts";

export interface SinkOptions {
  /** Short name, also of its cursor file. */
  readonly name: string;
  readonly server: StreamServer;
  readonly feeds: readonly Feed[];
  readonly wantedStream: WantedStream | null;
  readonly statePath: string;
  /** Longest wait between two attempts. */
  readonly maxWaitMs: number;
  readonly disk: Disk;
  /** How much of what is under way is given up for memory. @default {nothing} */
  readonly restraint?: Restraint | undefined;
  readonly clock: Clock;
  /** From 0 to 1, for the waits: boxes that were cut off together do not come back together. */
  readonly random: () => number;
  readonly report: Report;
}

/** What a sink tells about itself. */
export interface SinkStatus {
  readonly name: string;
  readonly state: "connecting" | "delivering" | Trouble;
  /** Why it is not delivering, or the server's address. */
  readonly detail: string;
  /** Records acknowledged since the start. */
  readonly delivered: number;
  /** Records that wait to be delivered, about. */
  readonly backlog: number;
  /** How full its streams are, as told last. */
  readonly storage: readonly StorageUse[];
}

const initialWindow = 32;
const probingWindow = 1;
const tickMs = 1000;

export class Sink implements AsyncDisposable {
  readonly #options: SinkOptions;
  readonly #cursors: CursorFile;
  readonly #feeds: FeedProgress;
  #stop = new AbortController();
  readonly #pause: RetryPause;
  readonly #storage: StorageWatch;
  #session: Session | null = null;
  #state: SinkStatus["state"] = "connecting";
  #detail = "";
  #deliveredBefore = 0;
  #cursorProblem = "";
  #done: Promise<void> = Promise.resolve();

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#pause = new RetryPause(options);
    const { name: sink, clock, report } = options;
    this.#storage = new StorageWatch({ sink, clock, report });
    this.#cursors = new CursorFile(
      options.disk,
      cursorPath(options.statePath, options.name),
    );
    this.#feeds = new FeedProgress({
      sink,
      cursors: this.#cursors,
      session: () => this.#session,
    });
    this.#feeds.adopt(options.feeds);
  }

  get status(): SinkStatus {
    return {
      name: this.#options.name,
      state: this.#state,
      detail: this.#detail,
      delivered: this.#deliveredBefore + (this.#session?.delivered ?? 0),
      backlog: this.#feeds.backlog,
      storage: this.#storage.uses,
    };
  }

  /** Whether all that is synced has been acknowledged on the present connection. */
  get caughtUp(): boolean {
    return this.#session?.caughtUp ?? false;
  }

  start(): void {
    this.#stop = new AbortController();
    this.#done = this.#keepRunning();
  }

  /** Goes on with these feeds, in a new session; those that stay keep their place. */
  async exchange(feeds: readonly Feed[]): Promise<void> {
    await this.stop();
    this.#feeds.adopt(feeds);
    this.start();
  }

  /** Tries again at once where it waits before the next attempt. */
  retry(): void {
    this.#pause.end();
  }

  /** Saves the cursors and closes the connection. Records not acknowledged are sent the next time. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** An error that nobody expected costs the session, not the sink, nor whoever waits for its end. */
  async #keepRunning(): Promise<void> {
    const { name, maxWaitMs, clock, report } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#run();
      } catch (error) {
        const message = `${name}: ${errorText(error)} (${errorPlace(error)}); it is begun anew`;
        report({ level: "error", kind: "sink_restart", message });
        await this.#session?.close().catch(() => {});
        this.#session = null;
        await clock.delay(maxWaitMs, signal);
      }
    }
  }

  async #run(): Promise<void> {
    const { random, maxWaitMs } = this.#options;
    const signal = this.#stop.signal;
    let failures = 0;
    while (!signal.aborted) {
      const before = this.#deliveredBefore;
      const end = await this.#runSession();
      if (signal.aborted) return;
      if (end === null) continue;
      this.#announce(end);
      if (end.trouble === "storage_full") this.#storage.forget();
      failures = this.#deliveredBefore > before ? 1 : failures + 1;
      const wait = { initialMs: 100, maxMs: maxWaitMs, exponential: true };
      await this.#pause.wait(backoffMs(wait, failures) * (0.75 + random() / 2), signal);
    }
  }

  /**
   * One connection, from dial to its end. Settles early only when the sink is stopped. `null` when it
   * has to be made anew, with another proof of identity.
   */
  async #runSession(): Promise<SessionEnd | null> {
    const { server, wantedStream, restraint, clock, report } = this.#options;
    const probing = this.#state === "storage_full" || this.#state === "stalled";
    let session: Session;
    try {
      session = await Session.open({
        server,
        feeds: this.#feeds.feeds,
        cursors: this.#cursors,
        acknowledged: this.#feeds.acknowledged,
        wantedStream,
        initialWindow: probing ? probingWindow : initialWindow,
        restraint,
        clock,
        report,
        signal: this.#stop.signal,
      });
    } catch (error) {
      if (error instanceof SessionEnd) return error;
      return new SessionEnd("unauthorized", errorText(error), { cause: error });
    }
    this.#session = session;
    // Before anything is sent: what came behind a hole must not be taken for the beginning.
    await this.#saveCursors();
    session.start();
    const end = await this.#untilEnd(session);
    await session.keepCursors();
    await session.close();
    this.#feeds.note();
    this.#session = null;
    this.#deliveredBefore += session.delivered;
    await this.#saveCursors();
    return end;
  }

  /**
   * Watches over a session once a second, until it ends or the sink is stopped, or, which gives
   * `null`, the proof of identity is another.
   */
  async #untilEnd(session: Session): Promise<SessionEnd | null> {
    const { server, clock, name, report } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, over.signal]);
    let end: SessionEnd | null = new SessionEnd("disconnected", "stopped");
    let proved = false;
    session.ended.then((reason) => {
      end = reason;
      over.abort();
    });
    server.renewed(signal).then((isRenewed) => {
      if (!isRenewed) return;
      end = null;
      over.abort();
      const message = `${name}: connecting anew with the credentials that were changed`;
      report({ level: "info", kind: "credentials_changed", message });
    });
    while (!signal.aborted) {
      // A connection alone proves nothing: a stream that is full also lets us connect.
      if (!proved && (session.delivered > 0 || session.caughtUp)) {
        proved = true;
        this.#announceDelivering(session.server);
      }
      this.#storage.check(() => session.storage());
      // Not a race against `ended`: each would leave something behind on it, for years.
      await clock.delay(tickMs, signal);
      session.checkProgress();
      await this.#saveCursors();
    }
    return end;
  }

  async #saveCursors(): Promise<void> {
    try {
      await this.#cursors.save();
      this.#cursorProblem = "";
    } catch (error) {
      const problem = errorText(error);
      if (problem !== this.#cursorProblem) {
        this.#options.report({
          level: "warning",
          kind: "cursor_not_saved",
          message: `${this.#options.name}: save cursors: ${problem}`,
        });
      }
      this.#cursorProblem = problem;
      return;
    }
    this.#feeds.release();
  }

  #announceDelivering(server: string): void {
    this.#state = "delivering";
    this.#detail = server;
    this.#options.report({
      level: "info",
      kind: "sink_connected",
      message: `${this.#options.name}: delivering to ${server}`,
    });
  }

  #announce(end: SessionEnd): void {
    if (this.#state !== end.trouble || this.#detail !== end.message) {
      this.#options.report({
        level: "warning",
        kind: `sink_${end.trouble}`,
        message:
          `${this.#options.name}: ${end.trouble}: ${end.message}; records wait in the journal`,
        hint: end.hint ?? troubleHints[end.trouble],
      });
    }
    this.#state = end.trouble;
    this.#detail = end.message;
  }
}
