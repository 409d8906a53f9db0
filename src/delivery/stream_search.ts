// Reads back from a stream which records it holds: only headers travel, for all channels of a
// subject at once.

import { DeliverPolicy, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { type MessageIdentity, parseMessageId } from "./message.ts";
import type { FoundMessage } from "./resume.ts";

const silenceMs = 5000;

/** The sequences that a stream holds now. */
export interface StreamExtent {
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export class StreamSearch {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #subject: string;

  constructor(options: {
    readonly client: JetStreamClient;
    readonly manager: JetStreamManager;
    readonly stream: string;
    readonly subject: string;
  }) {
    this.#client = options.client;
    this.#manager = options.manager;
    this.#stream = options.stream;
    this.#subject = options.subject;
  }

  async extent(): Promise<StreamExtent> {
    const { state } = await this.#manager.streams.info(this.#stream);
    return { firstSequence: state.first_seq, lastSequence: state.last_seq };
  }

  /** The id of the message at a stream sequence; `null` when there is no message. */
  async messageId(sequence: number): Promise<string | null> {
    const message = await this.#manager.streams.getMessage(this.#stream, { seq: sequence });
    return message === null ? null : message.header.get("Nats-Msg-Id");
  }

  /**
   * Calls `found` for each of our messages on the subject from stream sequence `from` to `to`,
   * both included, in order. @throws {Error} when the server stays silent for 5 s
   */
  async each(from: number, to: number, found: (message: FoundMessage) => void): Promise<void> {
    if (from > to) return;
    const consumer = await this.#client.consumers.get(this.#stream, {
      filter_subjects: this.#subject,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      headers_only: true,
    });
    try {
      if ((await consumer.info(true)).num_pending === 0) return;
      const messages = await consumer.consume({ max_messages: 1000 });
      let heard = true;
      let silent = false;
      const watchdog = setInterval(() => {
        if (!heard) {
          silent = true;
          messages.stop();
        }
        heard = false;
      }, silenceMs);
      try {
        for await (const message of messages) {
          heard = true;
          if (message.seq > to) break;
          const identity = identify(message.headers?.get("Nats-Msg-Id"));
          if (identity !== null) found({ ...identity, streamSequence: message.seq });
          if (message.seq === to || message.info.pending === 0) break;
        }
      } finally {
        clearInterval(watchdog);
      }
      if (silent) throw new Error(`search stream ${this.#stream}: the server stays silent`);
    } finally {
      await consumer.delete();
    }
  }
}

function identify(id: string | undefined): MessageIdentity | null {
  return id === undefined ? null : parseMessageId(id);
}
