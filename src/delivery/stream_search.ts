// Reads back from a stream which records it holds: only headers travel, for all channels of a
// subject at once.

import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { type MessageIdentity, parseMessageId } from "./message.ts";
import type { FoundMessage } from "./resume.ts";
import { streamMessages } from "./stream_messages.ts";

/** The sequences that a stream holds now. */
export interface StreamExtent {
  /** When the stream was made, as the server writes it: one made anew is another one. */
  readonly created: string;
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
    const { state, created } = await this.#manager.streams.info(this.#stream);
    return { created, firstSequence: state.first_seq, lastSequence: state.last_seq };
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
    const section = {
      client: this.#client,
      stream: this.#stream,
      subject: this.#subject,
      from,
      to,
    };
    const messages = streamMessages({ ...section, headersOnly: true, maxMessages: 1000 });
    for await (const { seq, headers } of messages) {
      const identity = identify(headers?.get("Nats-Msg-Id"));
      if (identity !== null) found({ ...identity, streamSequence: seq });
    }
  }
}

function identify(id: string | undefined): MessageIdentity | null {
  return id === undefined ? null : parseMessageId(id);
}
