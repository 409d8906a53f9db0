// What a JetStream stream really holds, read whole, and compared with what journals hold.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { jetstream, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type ConnectionOptions, type NatsConnection } from "@nats-io/transport-node";
import { formatMessageId } from "../../src/delivery/message.ts";
import type { FedJournal } from "./fed_journal.ts";

export interface StoredMessage {
  readonly streamSequence: number;
  readonly subject: string;
  /** Empty when it has none. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

/** Where to: a URL, or more. */
type Access = string | ConnectionOptions;

/** Uses a connection of its own, which is closed afterwards. */
export async function withConnection<Result>(
  access: Access,
  use: (connection: NatsConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await connect({
    // Not even where the server offers it.
    tls: null,
    ...(typeof access === "string" ? { servers: access } : access),
    reconnect: false,
  });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** Uses the server's JetStream API. */
export function manage<Result>(
  url: string,
  use: (manager: JetStreamManager) => Promise<Result>,
): Promise<Result> {
  return withConnection(url, async (connection) => await use(await jetstreamManager(connection)));
}

export function messageCount(url: string, stream: string): Promise<number> {
  return manage(url, async (manager) => (await manager.streams.info(stream)).state.messages);
}

/** Every message of a stream, in order. */
export function readStream(access: Access, stream: string): Promise<StoredMessage[]> {
  return withConnection(access, async (connection) => {
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info(stream);
    const stored: StoredMessage[] = [];
    if (state.messages === 0) return stored;
    const consumer = await jetstream(connection).consumers.get(stream);
    while (stored.at(-1)?.streamSequence !== state.last_seq) {
      const before = stored.length;
      for await (const message of await consumer.fetch({ max_messages: 5000, expires: 5000 })) {
        const headers = Object.fromEntries(
          [...message.headers ?? []].map(([name, values]) => [name, values.join()]),
        );
        const { subject, seq, data } = message;
        const id = headers["Nats-Msg-Id"] ?? "";
        stored.push({ streamSequence: seq, subject, id, headers, payload: data });
        if (seq === state.last_seq) break;
      }
      // A server of a cluster that lags does not tell its consumers what it gets later.
      if (stored.length === before) {
        throw new Error(`read stream ${stream}: nothing comes any more`);
      }
    }
    return stored;
  });
}

/**
 * Asserts that of each journal every record but those in `setAside` is in the stream, once, in
 * order, and is the line that stands in the log. Messages of others are passed over.
 */
export async function assertDelivered(
  stored: readonly StoredMessage[],
  journals: readonly FedJournal[],
  setAside: readonly number[] = [],
): Promise<void> {
  for (const fed of journals) {
    const channel = fed.journal.name;
    const mine = stored.filter(({ id }) => id.startsWith(`${channel}/`));
    const records = (await fed.records()).filter(({ sequence }) => !setAside.includes(sequence));
    assert.ok(records.length > 0, "there is something to compare");
    assert.deepEqual(
      mine.map(({ id }) => id),
      records.map((record) => formatMessageId({ channel, ...record })),
    );
    for (const [i, record] of records.entries()) {
      assert.ok(Buffer.from(record.line).equals(mine[i]?.payload ?? new Uint8Array(0)));
    }
    if (setAside.length === 0) {
      const payloads = Buffer.concat(mine.map(({ payload }) => payload));
      assert.ok(payloads.equals(fed.log()), "the payloads are the log's lines");
    }
  }
}
