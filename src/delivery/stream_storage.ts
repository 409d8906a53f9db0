// How full a stream is, by its own limits and its account's, and what happens when it is full. Pure.

/** What a server tells of a stream's storage. `Infinity` where there is no limit. */
export interface StreamStorage {
  readonly stream: string;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly messages: number;
  readonly maxMessages: number;
  /** Of each subject. */
  readonly maxMessagesPerSubject: number;
  /** A stream that is full drops its oldest messages, instead of refusing new ones. */
  readonly dropsOldest: boolean;
  /** Of all streams of the account, in the same kind of storage; `null` where it is not told. */
  readonly account: { readonly bytes: number; readonly maxBytes: number } | null;
}

export type StorageLevel = "ok" | "warning" | "critical";

/** How far the fullest of a stream's limits is used up. */
export interface StorageUse {
  readonly stream: string;
  /** From 0 to 1, or more where a limit was lowered; 0 without limits. */
  readonly share: number;
  /** As it is called on the server: `max_bytes`, `max_msgs`, `account`; `null` without limits. */
  readonly limit: "max_bytes" | "max_msgs" | "account" | null;
  readonly level: StorageLevel;
  /** Records go from its front, without a word of the server, when that limit is reached. */
  readonly dropsOldest: boolean;
}

const raiseAt = { warning: 0.80, critical: 0.95 };

/** Lower than where it was raised, so that it is not told again and again at the edge. */
const clearBelow = { warning: 0.75, critical: 0.90 };

export function storageUse(storage: StreamStorage, before: StorageLevel): StorageUse {
  const { stream, bytes, maxBytes, messages, maxMessages, account } = storage;
  const shares = {
    max_bytes: bytes / maxBytes,
    max_msgs: messages / maxMessages,
    account: account === null ? 0 : account.bytes / account.maxBytes,
  };
  const share = Math.max(...Object.values(shares));
  const limit = (["account", "max_bytes", "max_msgs"] as const)
    .find((name) => share > 0 && shares[name] === share) ?? null;
  return {
    stream,
    share,
    limit,
    level: levelOf(share, before),
    // A full account refuses, whatever the stream does by its own limits.
    dropsOldest: storage.dropsOldest && limit !== null && limit !== "account",
  };
}

/** The limits at which a stream drops its oldest records; none where it refuses new ones. */
export function silentLimits(storage: StreamStorage): string[] {
  const { dropsOldest, maxBytes, maxMessages, maxMessagesPerSubject } = storage;
  if (!dropsOldest) return [];
  return [
    ...maxBytes < Infinity ? [`max_bytes ${maxBytes}`] : [],
    ...maxMessages < Infinity ? [`max_msgs ${maxMessages}`] : [],
    ...maxMessagesPerSubject < Infinity ? [`max_msgs_per_subject ${maxMessagesPerSubject}`] : [],
  ];
}

function levelOf(share: number, before: StorageLevel): StorageLevel {
  const critical = before === "critical" ? clearBelow.critical : raiseAt.critical;
  if (share >= critical) return "critical";
  const warning = before === "ok" ? raiseAt.warning : clearBelow.warning;
  return share >= warning ? "warning" : "ok";
}
