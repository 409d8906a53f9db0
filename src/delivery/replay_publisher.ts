// Publishes copies of records in order, a window of them under way at once, over one connection. What
// becomes of each is told; a connection that is over, or overdue with an answer, ends it.

import type { Clock } from "../platform/clock.ts";
import { errorText } from "../platform/notice.ts";
import type { MessageConnection } from "./core_connection.ts";
import { messageBytes } from "./message.ts";
import type { Outcome } from "./outcome.ts";
import { maxInFlight } from "./resume.ts";
import { SendWindow } from "./send_window.ts";
import { SessionEnd } from "./session_end.ts";
import type { StreamMessage } from "./stream_server.ts";

/** What became of a copy: `stored` anew, there before, or larger than what is taken. */
export type CopyOutcome = "stored" | "duplicate" | "rejected";

/** A copy that is settled. */
export interface SettledCopy {
  readonly sequence: number;
  readonly bytes: number;
  readonly outcome: CopyOutcome;
}

export interface ReplayPublisherOptions {
  readonly connection: MessageConnection;
  readonly clock: Clock;
  readonly settled: (copy: SettledCopy) => void;
  /** Breaks it off. */
  readonly signal: AbortSignal;
}

interface Flight {
  readonly bytes: number;
  readonly sentMs: number;
}

const overdueMs = 5000;
/** After a break-off the server may still answer for so long. */
const farewellMs = 1000;
const watchMs = 250;

export class ReplayPublisher implements Disposable {
  readonly #options: ReplayPublisherOptions;
  readonly #window = new SendWindow({ initial: maxInFlight, maxRecords: maxInFlight });
  readonly #flights = new Map<number, Flight>();
  readonly #over = Promise.withResolvers<void>();
  readonly #watchdog: ReturnType<typeof setInterval>;
  #end: SessionEnd | null = null;
  #abortedMs: number | null = null;
  #idle = Promise.withResolvers<void>();

  constructor(options: ReplayPublisherOptions) {
    this.#options = options;
    const { connection } = options;
    connection.ended.then((end) => this.#finish(end));
    connection.listen(({ sequence }, outcome) => this.#take(sequence, outcome));
    this.#watchdog = setInterval(() => this.#watch(), watchMs);
  }

  /** Sends a copy when there is room for it. @throws {SessionEnd} when no more can be sent */
  async publish(sequence: number, message: StreamMessage): Promise<void> {
    const { connection, clock } = this.#options;
    const bytes = message.payload.length;
    if (!this.#window.tryEnter(bytes)) await this.#window.enter([bytes]);
    if (this.#end !== null) throw this.#end;
    if (this.#flights.size === 0) this.#idle = Promise.withResolvers();
    this.#flights.set(sequence, { bytes, sentMs: clock.monotonicMs() });
    if (messageBytes(message.headers, message.payload) > connection.maxPayload) {
      return this.#settle(sequence, "rejected");
    }
    try {
      connection.publish(message, { feed: 0, sequence });
    } catch (error) {
      throw new SessionEnd("disconnected", `publish: ${errorText(error)}`, { cause: error });
    }
  }

  /** Resolves when all that was sent is settled. @throws {SessionEnd} */
  async settled(): Promise<void> {
    if (this.#flights.size > 0) await Promise.race([this.#idle.promise, this.#over.promise]);
    if (this.#flights.size > 0 && this.#end !== null) throw this.#end;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watchdog);
  }

  #take(sequence: number, outcome: Outcome): void {
    if (outcome.kind === "hold") this.#finish(new SessionEnd(outcome.trouble, outcome.message));
    else if (outcome.kind === "rejected") this.#settle(sequence, "rejected");
    else this.#settle(sequence, outcome.duplicate ? "duplicate" : "stored");
  }

  #settle(sequence: number, outcome: CopyOutcome): void {
    const flight = this.#flights.get(sequence);
    if (flight === undefined) return;
    const { bytes, sentMs } = flight;
    this.#flights.delete(sequence);
    const nowMs = this.#options.clock.monotonicMs();
    this.#window.leave(bytes, nowMs - sentMs, nowMs);
    this.#options.settled({ sequence, bytes, outcome });
    if (this.#flights.size === 0) this.#idle.resolve();
  }

  #watch(): void {
    const { clock, signal } = this.#options;
    const nowMs = clock.monotonicMs();
    const [oldest] = this.#flights.values();
    if (oldest === undefined) return;
    if (signal.aborted) {
      this.#abortedMs ??= nowMs;
      if (nowMs - this.#abortedMs < farewellMs) return;
      this.#finish(new SessionEnd("disconnected", "broken off"));
    } else if (nowMs - oldest.sentMs > overdueMs) {
      this.#finish(new SessionEnd("stalled", `no answer for ${overdueMs / 1000} s`));
    }
  }

  #finish(end: SessionEnd): void {
    this.#end ??= end;
    this.#over.resolve();
    this.#window.close();
  }
}
