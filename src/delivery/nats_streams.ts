// A NATS server with JetStream, as delivery sees it. The client's own reconnecting is off: a server
// then gets a strict prefix of what was sent on a connection, so a stream never has a hole that later
// records have passed.

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { createInbox, type NatsConnection } from "@nats-io/transport-node";
import { errorText } from "../platform/notice.ts";
import { watchEnd } from "./connection_end.ts";
import type { ServerOptions } from "./connection.ts";
import { dialAny } from "./dial.ts";
import { accountSubject, NatsAccount } from "./nats_storage.ts";
import { NatsStream } from "./nats_stream.ts";
import { type Outcome, readOutcome } from "./outcome.ts";
import { SessionEnd } from "./session_end.ts";
import { advisorySubject, StreamAdvisories } from "./stream_advisories.ts";
import type {
  StreamConnection,
  StreamMessage,
  StreamServer,
  SubjectStream,
  Ticket,
} from "./stream_server.ts";
import { ensureStream, type WantedStream } from "./streams.ts";
import { WireHeaders } from "./wire_headers.ts";

const apiTimeoutMs = 5000;

/** Where to, and as whom: see `Identity`. */
export interface Access {
  servers(): Promise<ServerOptions[]>;
  renewed(signal: AbortSignal): Promise<boolean>;
}

export class NatsStreams implements StreamServer {
  readonly #access: Access;
  /** Index of the server to try first: the one behind the last that was used, for that may be bad. */
  #first = 0;

  constructor(access: Access) {
    this.#access = access;
  }

  async connect(signal: AbortSignal): Promise<StreamConnection> {
    const servers = await this.#access.servers();
    const inOrder = [...servers.slice(this.#first), ...servers.slice(0, this.#first)];
    const [connection, index] = await dialAny(inOrder, signal);
    this.#first = (this.#first + index + 1) % servers.length;
    return new NatsStreamConnection(connection);
  }

  renewed(signal: AbortSignal): Promise<boolean> {
    return this.#access.renewed(signal);
  }
}

class NatsStreamConnection implements StreamConnection {
  readonly #connection: NatsConnection;
  readonly #inbox = createInbox();
  readonly #headers = new WireHeaders();
  readonly #ended: PromiseWithResolvers<SessionEnd>;
  #advisories: StreamAdvisories | null = null;
  #account: NatsAccount | null = null;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#ended = watchEnd(connection, [accountSubject, advisorySubject]);
  }

  get address(): string {
    return this.#connection.getServer();
  }

  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? Infinity;
  }

  get ended(): Promise<SessionEnd> {
    return this.#ended.promise;
  }

  async stream(subject: string, wanted: WantedStream | null): Promise<SubjectStream> {
    const api = { timeout: apiTimeoutMs };
    const manager = await jetstreamManager(this.#connection, { ...api, checkAPI: false });
    const client = jetstream(this.#connection, api);
    const advisories = this.#advisories ??= new StreamAdvisories(this.#connection);
    const name = await ensureStream(manager, subject, wanted);
    const account = this.#account ??= new NatsAccount(() => manager.getAccountInfo());
    return new NatsStream({ client, manager, name, subject, account, advisories });
  }

  listen(settled: (ticket: Ticket, outcome: Outcome) => void): void {
    this.#connection.subscribe(`${this.#inbox}.>`, {
      callback: (error, message) => {
        if (error) return this.#ended.resolve(new SessionEnd("unauthorized", error.message));
        const [feed, sequence] = message.subject.slice(this.#inbox.length + 1).split(".");
        const ticket = { feed: Number(feed), sequence: Number(sequence) };
        settled(ticket, readOutcome(message.data, message.headers?.code));
      },
    });
  }

  publish({ subject, headers: fields, payload }: StreamMessage, { feed, sequence }: Ticket): void {
    const reply = `${this.#inbox}.${feed}.${sequence}`;
    try {
      this.#connection.publish(subject, payload, { reply, headers: this.#headers.write(fields) });
    } catch (error) {
      const why = `publish: ${errorText(error)}`;
      this.#ended.resolve(new SessionEnd("disconnected", why, { cause: error }));
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
