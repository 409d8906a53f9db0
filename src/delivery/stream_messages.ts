// The messages of a stream on one subject, in order, as they are read back.

import { DeliverPolicy, type JetStreamClient, type JsMsg } from "@nats-io/jetstream";

const silenceMs = 5000;

export interface StreamSection {
  readonly client: JetStreamClient;
  readonly stream: string;
  readonly subject: string;
  /** Stream sequences, both ends included. */
  readonly from: number;
  readonly to: number;
  /** Without the payloads. */
  readonly headersOnly: boolean;
  /** Under way at once. */
  readonly maxMessages: number;
  /** Ends it early, without an error. */
  readonly signal?: AbortSignal;
}

/** @throws {Error} when the server stays silent for 5 s */
export async function* streamMessages(section: StreamSection): AsyncGenerator<JsMsg> {
  const { client, stream, subject, from, to, headersOnly, maxMessages, signal } = section;
  if (from > to) return;
  const consumer = await client.consumers.get(stream, {
    filter_subjects: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    headers_only: headersOnly,
  });
  try {
    if ((await consumer.info(true)).num_pending === 0) return;
    const messages = await consumer.consume({ max_messages: maxMessages });
    const stop = (): void => messages.stop();
    let heard = true;
    let silent = false;
    let atWork = false;
    const watchdog = setInterval(() => {
      if (!heard && !atWork) {
        silent = true;
        stop();
      }
      heard = false;
    }, silenceMs);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    try {
      for await (const message of messages) {
        heard = true;
        if (message.seq > to) break;
        atWork = true;
        yield message;
        atWork = false;
        heard = true;
        if (message.seq === to || message.info.pending === 0) break;
      }
    } finally {
      clearInterval(watchdog);
      signal?.removeEventListener("abort", stop);
    }
    if (silent) throw new Error(`read stream ${stream}: the server stays silent`);
  } finally {
    await consumer.delete();
  }
}
