// A connection to the simulated NATS server, as a session has it: what is sent arrives in order, late,
// or only the beginning of it; replies get lost; and a client may never hear that it is cut off.

import type { Outcome } from "../../src/delivery/outcome.ts";
import { messageBytes, parseMessageId } from "../../src/delivery/message.ts";
import { SessionEnd } from "../../src/delivery/session_end.ts";
import type {
  StreamConnection,
  StreamExtent,
  StreamMessage,
  SubjectStream,
  Ticket,
} from "../../src/delivery/stream_server.ts";
import type { WantedStream } from "../../src/delivery/streams.ts";
import type { Network, SimulatedNats } from "./simulated_nats.ts";
import { SimulatedPipe } from "./simulated_pipe.ts";

const requestTimeoutMs = 5000;
/** As in nats_stream.ts. */
const glancesPerLook = 5;

export interface InFlight {
  records: number;
  bytes: number;
}

export class SimulatedConnection implements StreamConnection {
  readonly address = "nats://simulated:4222";
  readonly maxPayload: number;
  /** Publishes without an outcome. */
  readonly inFlight: InFlight = { records: 0, bytes: 0 };
  readonly #server: SimulatedNats;
  readonly #openedMs: number;
  readonly #up: SimulatedPipe<() => void>;
  readonly #down: SimulatedPipe<() => void>;
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly #requests = new Set<(error: Error) => void>();
  #settled: (ticket: Ticket, outcome: Outcome) => void = () => {};
  #isOver = false;
  #glances = 0;
  #changesSeen: number;

  constructor(server: SimulatedNats) {
    this.#server = server;
    this.maxPayload = server.maxPayload;
    this.#openedMs = server.timers.nowMs;
    this.#changesSeen = server.changes;
    const { timers } = server;
    const delayMs = (): number => this.#delayMs();
    const arrived = (work: () => void): void => work();
    this.#up = new SimulatedPipe({ timers, delayMs, arrived: (work) => server.serve(work) });
    this.#down = new SimulatedPipe({ timers, delayMs, arrived });
    this.feel(server.network);
  }

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  /** Resolves when the server has let us in. @throws {SessionEnd} */
  greet(): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      if (!server.running && server.network !== "black hole") {
        server.timers.set(
          () => reject(new SessionEnd("disconnected", "connect: refused")),
          this.#delayMs(),
        );
        return;
      }
      this.#up.push(() => {
        if (!server.acceptsCredentials) {
          return this.#reply(() =>
            reject(new SessionEnd("unauthorized", "connect: Authorization Violation"))
          );
        }
        this.#reply(resolve);
        if (server.network === "closes at once") this.cut("closed by the server");
      });
    });
  }

  async stream(subject: string, wanted: WantedStream | null): Promise<SubjectStream> {
    const server = this.#server;
    const name = await this.#ask(() => server.ensure(subject, wanted));
    return {
      name,
      extent: () => this.#ask((): StreamExtent => server.find(name).extent),
      glance: () => this.#glance(name),
      storage: () => this.#ask(() => server.find(name).storage),
      messageId: (sequence) => this.#ask(() => server.find(name).message(sequence)?.id ?? null),
      payload: (sequence) => this.#ask(() => server.find(name).message(sequence)?.payload ?? null),
      each: async (from, to, found) => {
        if (from > to) return;
        const messages = await this.#ask(() => [...server.find(name).messages]);
        for (const message of messages) {
          const { sequence } = message;
          if (message.subject !== subject || sequence < from || sequence > to) continue;
          const identity = parseMessageId(message.id);
          if (identity === null) continue;
          const time = message.headers.find(([name]) => name === "Nectar-Time")?.[1];
          const timeMs = Date.parse(time ?? "") || 0;
          found({ ...identity, streamSequence: sequence, id: message.id, timeMs });
        }
      },
    };
  }

  listen(settled: (ticket: Ticket, outcome: Outcome) => void): void {
    this.#settled = settled;
  }

  publish(message: StreamMessage, ticket: Ticket): void {
    if (this.#isOver) return;
    const bytes = message.payload.length;
    this.inFlight.records += 1;
    this.inFlight.bytes += bytes;
    this.#server.published(message, this.inFlight);
    const payload = message.payload.slice();
    this.#up.push(() => {
      if (messageBytes(message.headers, payload) > this.#server.maxPayload) {
        return this.cut("Maximum Payload Violation", { isClosedByServer: true });
      }
      const outcome = this.#server.store({ ...message, payload }, this.#openedMs);
      if (outcome === null) return;
      this.#reply(() => {
        this.inFlight.records -= 1;
        this.inFlight.bytes -= bytes;
        this.#settled(ticket, outcome);
      });
    });
  }

  close(): Promise<void> {
    this.end(new SessionEnd("disconnected", "connection closed"));
    return Promise.resolve();
  }

  /** Nobody has it, and nothing that was sent on it is still to arrive. */
  get isGone(): boolean {
    return this.#isOver && this.#up.isEmpty;
  }

  /** Breaks: the beginning of what is under way still arrives, and the client hears of it. */
  cut(why: string, { isClosedByServer = false } = {}): void {
    if (isClosedByServer) this.#up.destroy();
    else this.#up.cut(this.#server.random);
    this.#down.cut(this.#server.random);
    this.#server.timers.set(
      () => this.end(new SessionEnd("disconnected", why)),
      this.#delayMs(),
    );
  }

  /** The client is done with it: what the server still says is not heard. */
  end(why: SessionEnd): void {
    if (this.#isOver) return;
    this.abandon();
    this.#ended.resolve(why);
    for (const reject of this.#requests) reject(new Error("connection closed"));
  }

  /** The client is gone; the beginning of what it sent still arrives. */
  abandon(): void {
    this.#isOver = true;
    this.#up.cut(this.#server.random);
    this.#down.destroy();
  }

  feel(network: Network): void {
    for (const pipe of [this.#up, this.#down]) {
      if (network === "black hole") pipe.hold();
      else pipe.release();
    }
  }

  #delayMs(): number {
    const [least, most] = this.#server.latencyMs[this.#server.network === "slow" ? "slow" : "good"];
    return least + Math.floor(this.#server.random() * (most - least + 1));
  }

  #reply(hear: () => void): void {
    if (this.#server.network === "loses replies") return;
    this.#down.push(() => {
      if (!this.#isOver) hear();
    });
  }

  /** As the real one: the server tells of changes by itself, and is asked for more now and then. */
  #glance(name: string): Promise<StreamExtent | null> {
    const server = this.#server;
    this.#glances += 1;
    const isDue = this.#glances % glancesPerLook === 0;
    if (server.changes === this.#changesSeen && !isDue) {
      return this.#ask(() => {
        server.find(name);
        return null;
      });
    }
    this.#changesSeen = server.changes;
    return this.#ask(() => server.find(name).extent);
  }

  #ask<Answer>(question: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new Error("connection closed"));
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#requests.delete(fail);
        act();
      };
      const fail = (error: Error): void => settle(() => reject(error));
      const timer = setTimeout(() => fail(new Error("timeout")), requestTimeoutMs);
      this.#requests.add(fail);
      this.#up.push(() => {
        if (this.#server.silent) return;
        try {
          const answer = question();
          this.#reply(() => settle(() => resolve(answer)));
        } catch (error) {
          const failure = error instanceof Error ? error : new Error(String(error));
          this.#reply(() => fail(failure));
        }
      });
    });
  }
}
