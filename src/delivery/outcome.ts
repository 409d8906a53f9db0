// What a reply to a publish means. Pure. The table of meanings is JetStream's, from its error codes.

/** Why a sink is not delivering. Shown to people as it is. */
export type Trouble =
  | "disconnected"
  | "no_stream"
  | "storage_full"
  | "unauthorized"
  | "stalled";

/** It stands in a stream, perhaps since an earlier publish. */
export interface StoredOutcome {
  readonly kind: "stored";
  readonly stream: string;
  readonly streamSequence: number;
  readonly duplicate: boolean;
}

export type Outcome =
  | StoredOutcome
  /** Nothing is wrong with the record; try again later. */
  | { readonly kind: "hold"; readonly trouble: Trouble; readonly message: string }
  /** The server will never take this record. */
  | { readonly kind: "rejected"; readonly message: string };

const noResponders = 503;
const streamWrong = 10060;
const messageTooLarge = 10054;
const storeFailed = 10077;

/** What a cluster says that has no leader, or too few servers, at present. */
const unavailable: readonly number[] = [10_005, 10_008, 10_009, 10_041, 10_118];

/**
 * Reads a publish acknowledgement. `status` is the code of a reply that carries only headers.
 */
export function readOutcome(data: Uint8Array, status: number | undefined): Outcome {
  if (status === noResponders) {
    const message = "no stream takes the subject, or its cluster has no leader";
    return { kind: "hold", trouble: "no_stream", message };
  }
  const reply = parseReply(data);
  if (reply === null) {
    return { kind: "hold", trouble: "stalled", message: "the reply is not an acknowledgement" };
  }
  if (typeof reply.seq === "number" && reply.error === undefined) {
    const { stream = "", seq: streamSequence, duplicate = false } = reply;
    return { kind: "stored", stream, streamSequence, duplicate };
  }
  const code = reply.error?.err_code ?? 0;
  const message = `${reply.error?.description ?? "unknown error"} (${code})`;
  const tooLarge = code === messageTooLarge ||
    code === storeFailed && /message size exceeds/i.test(message);
  if (tooLarge) return { kind: "rejected", message };
  return { kind: "hold", trouble: troubleOf(code), message };
}

function troubleOf(code: number): Trouble {
  if (code === streamWrong) return "no_stream";
  return unavailable.includes(code) ? "stalled" : "storage_full";
}

interface Reply {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

const decoder = new TextDecoder();

function parseReply(data: Uint8Array): Reply | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(data));
    return typeof value === "object" && value !== null ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What to do about it. */
export const troubleHints: Readonly<Record<Trouble, string>> = {
  disconnected: "is nats-server running, and is its address in the configuration right?",
  no_stream: "switch JetStream on in nats-server, or make a stream that takes the subject",
  storage_full: "raise the stream's limits, or its server's max_file_store, or free its disk",
  unauthorized: "check user, password, token or credentials file, and the user's permissions",
  stalled: "the server is there but does not answer; look at its log and its disk",
};
