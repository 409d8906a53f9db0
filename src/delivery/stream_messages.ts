// The messages of a stream on one subject, in order, as they are read back.

import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from "@nats-io/jetstream";

const silenceMs = 5000;

/** A server that is there answers sooner. */
const hastyMs = 1000;

export interface StreamSection {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
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

/**
 * In a cluster they may be read from a server that lags behind the one which leads: the last one that
 * the leader knows is waited for. @throws {Error} when the server stays silent for 5 s
 */
export async function* streamMessages(section: StreamSection): AsyncGenerator<JsMsg> {
  const { client, manager, stream, subject, from, to, headersOnly, maxMessages, signal } = section;
  if (from > to) return;
  // A server that was told to delete the newest one may know none: that proves nothing.
  const newest = await manager.streams.getMessage(stream, { last_by_subj: subject });
  const awaited = newest === null || newest.seq < from ? null : Math.min(to, newest.seq);
  const consumer = await answered(() =>
    client.consumers.get(stream, {
      filter_subjects: subject,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      headers_only: headersOnly,
    })
  );
  try {
    if (awaited === null && (await consumer.info(true)).num_pending === 0) return;
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
        const isLast = message.info.pending === 0 && message.seq >= (awaited ?? 0);
        if (message.seq === to || isLast) break;
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

/**
 * Asks once more when no answer comes soon, and takes the first that does. A cluster may give the
 * consumer to a server that has just died; the server forgets the one that is not used.
 */
async function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const first = ask();
  const late = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => ask().then(late.resolve, () => {}), hastyMs);
  try {
    return await Promise.race([first, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
