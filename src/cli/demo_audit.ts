// The demo's last question to the stream: how many messages, and how many different records.

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

export async function auditStream(
  url: string,
  stream: string,
): Promise<{ readonly messages: number; readonly records: number }> {
  const connection = await connect({ servers: url, reconnect: false });
  try {
    const { state } = await (await jetstreamManager(connection)).streams.info(stream);
    const ids = new Set<string>();
    if (state.messages > 0) {
      const consumer = await jetstream(connection).consumers.get(stream, { headers_only: true });
      for await (const message of await consumer.consume()) {
        ids.add(message.headers?.get("Nats-Msg-Id") ?? "");
        if (message.seq === state.last_seq) break;
      }
    }
    return { messages: state.messages, records: ids.size };
  } finally {
    await connection.close();
  }
}
