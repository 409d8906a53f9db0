// What a NATS server tells of a stream's storage and of its account's.

import {
  type JetStreamAccountStats,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { StreamStorage } from "./stream_storage.ts";

/** Where the account is asked for; not every user may. */
export const accountSubject = "$JS.API.INFO";

/** The account of a connection, until the server refuses to tell of it. */
export class NatsAccount {
  readonly #ask: () => Promise<JetStreamAccountStats>;
  #isRefused = false;

  constructor(ask: () => Promise<JetStreamAccountStats>) {
    this.#ask = ask;
  }

  /** `null` when the server does not tell. */
  async stats(): Promise<JetStreamAccountStats | null> {
    if (this.#isRefused) return null;
    try {
      return await this.#ask();
    } catch {
      // Asked for once only: each refusal is a line in the server's log.
      this.#isRefused = true;
      return null;
    }
  }
}

export function readStorage(
  { config, state }: StreamInfo,
  account: JetStreamAccountStats | null,
): StreamStorage {
  return {
    stream: config.name,
    bytes: state.bytes,
    maxBytes: limit(config.max_bytes),
    messages: state.messages,
    maxMessages: limit(config.max_msgs),
    maxMessagesPerSubject: limit(config.max_msgs_per_subject),
    dropsOldest: config.discard === "old" && config.retention === RetentionPolicy.Limits,
    account: account === null ? null : accountUse(config, account),
  };
}

/** What the account has for streams like this one: of its kind of storage, with so many replicas. */
export function accountUse(
  { storage, num_replicas: replicas }: Pick<StreamConfig, "storage" | "num_replicas">,
  account: Pick<JetStreamAccountStats, "memory" | "storage" | "limits" | "tiers">,
): StreamStorage["account"] {
  const { limits, ...used } = account.tiers?.[`R${replicas}`] ?? account;
  return storage === StorageType.Memory
    ? { bytes: used.memory, maxBytes: limit(limits.max_memory) }
    : { bytes: used.storage, maxBytes: limit(limits.max_storage) };
}

/** The server writes -1, or 0, where there is no limit. */
function limit(value: number): number {
  return value > 0 ? value : Infinity;
}
