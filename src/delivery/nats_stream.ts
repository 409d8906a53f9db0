// A stream of a NATS server: what it holds, and which records of ours are among it. Only headers
// travel, for all channels of a subject at once.

import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { parseMessageId } from "./message.ts";
import type { FoundMessage } from "./resume.ts";
import { type NatsAccount, readStorage } from "./nats_storage.ts";
import type { StreamAdvisories } from "./stream_advisories.ts";
import { streamMessages } from "./stream_messages.ts";
import type { StreamExtent, SubjectStream } from "./stream_server.ts";
import type { StreamStorage } from "./stream_storage.ts";

export interface NatsStreamOptions {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly name: string;
  readonly subject: string;
  readonly account: NatsAccount;
  readonly advisories: StreamAdvisories;
}

/**
 * That a stream does not hold some message is answered in a few words, by the stream itself; what it
 * holds takes many, and is asked now and then.
 */
const glancesPerLook = 5;

/** No stream will ever hold it. */
const noSequence = Number.MAX_SAFE_INTEGER;

export class NatsStream implements SubjectStream {
  readonly name: string;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #subject: string;
  readonly #account: NatsAccount;
  readonly #advisories: StreamAdvisories;
  #glances = 0;

  constructor(options: NatsStreamOptions) {
    this.#client = options.client;
    this.#manager = options.manager;
    this.name = options.name;
    this.#subject = options.subject;
    this.#account = options.account;
    this.#advisories = options.advisories;
  }

  async extent(): Promise<StreamExtent> {
    const { state, created, cluster } = await this.#manager.streams.info(this.name);
    const elections = this.#advisories.elections(this.name);
    const leadership = [cluster?.leader, cluster?.leader_since, elections].join(" ");
    const { first_seq: firstSequence, last_seq: lastSequence } = state;
    return { created, leadership, firstSequence, lastSequence };
  }

  async glance(): Promise<StreamExtent | null> {
    this.#glances += 1;
    const isDue = this.#glances % glancesPerLook === 0;
    if (!this.#advisories.isUnchanged(this.name) || isDue) return await this.extent();
    await this.messageId(noSequence);
    return null;
  }

  async storage(): Promise<StreamStorage> {
    const info = await this.#manager.streams.info(this.name);
    return readStorage(info, await this.#account.stats());
  }

  async messageId(sequence: number): Promise<string | null> {
    const message = await this.#manager.streams.getMessage(this.name, { seq: sequence });
    return message === null ? null : message.header.get("Nats-Msg-Id");
  }

  async payload(sequence: number): Promise<Uint8Array | null> {
    const message = await this.#manager.streams.getMessage(this.name, { seq: sequence });
    return message?.data ?? null;
  }

  async each(from: number, to: number, found: (message: FoundMessage) => void): Promise<void> {
    const section = {
      client: this.#client,
      manager: this.#manager,
      stream: this.name,
      subject: this.#subject,
      from,
      to,
    };
    const messages = streamMessages({ ...section, headersOnly: true, maxMessages: 1000 });
    for await (const { seq, headers } of messages) {
      const id = headers?.get("Nats-Msg-Id") ?? "";
      const identity = parseMessageId(id);
      if (identity === null) continue;
      const timeMs = Date.parse(headers?.get("Nectar-Time") ?? "") || 0;
      found({ ...identity, streamSequence: seq, id, timeMs });
    }
  }
}
