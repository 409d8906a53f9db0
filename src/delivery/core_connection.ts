// A connection over which messages go out without a stream, to whoever is subscribed. A publish
// counts as settled when the server has read it: nobody can know more.

import type { NatsConnection } from "@nats-io/transport-node";
import { errorText } from "../platform/notice.ts";
import type { ServerOptions } from "./connection.ts";
import { watchEnd } from "./connection_end.ts";
import { dialAny } from "./dial.ts";
import { SessionEnd } from "./session_end.ts";
import type { StreamConnection, StreamMessage, Ticket } from "./stream_server.ts";
import { WireHeaders } from "./wire_headers.ts";

/** The part of a connection that needs no stream. */
export type MessageConnection = Omit<StreamConnection, "stream">;

const read = { kind: "stored", stream: "", streamSequence: 0, duplicate: false } as const;

export class CoreConnection implements MessageConnection {
  readonly #connection: NatsConnection;
  readonly #headers = new WireHeaders();
  readonly #ended: PromiseWithResolvers<SessionEnd>;
  #settled: Parameters<StreamConnection["listen"]>[0] = () => {};
  #sent: Ticket[] = [];
  #flushing = false;

  /** @throws {SessionEnd} */
  static async open(
    servers: readonly ServerOptions[],
    signal: AbortSignal,
  ): Promise<CoreConnection> {
    const [connection] = await dialAny(servers, signal);
    return new CoreConnection(connection);
  }

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#ended = watchEnd(connection);
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

  listen(settled: Parameters<StreamConnection["listen"]>[0]): void {
    this.#settled = settled;
  }

  publish({ subject, headers: fields, payload }: StreamMessage, ticket: Ticket): void {
    this.#connection.publish(subject, payload, { headers: this.#headers.write(fields) });
    this.#sent.push(ticket);
    if (!this.#flushing) this.#flush();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      while (this.#sent.length > 0) {
        const sent = this.#sent;
        this.#sent = [];
        await this.#connection.flush();
        for (const ticket of sent) this.#settled(ticket, read);
      }
    } catch (error) {
      this.#ended.resolve(
        new SessionEnd("disconnected", `publish: ${errorText(error)}`, { cause: error }),
      );
    }
    this.#flushing = false;
  }
}
