// A JetStream stream in memory: its limits, its duplicate window, and what of it outlives a power cut
// of its server. What it does is held against the real one in simulated_nats_test.ts.

import { messageBytes } from "../../src/delivery/message.ts";
import type { Outcome } from "../../src/delivery/outcome.ts";
import type { StreamExtent, StreamMessage } from "../../src/delivery/stream_server.ts";
import type { StreamStorage } from "../../src/delivery/stream_storage.ts";
import type { WantedStream } from "../../src/delivery/streams.ts";
import type { RandomNumber } from "./simulated_file.ts";

export interface StreamLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Of headers and payload. */
  readonly maxMessageBytes: number;
  /** What it does with a message for which there is no room. */
  readonly discard: "old" | "new";
  readonly duplicateWindowMs: number;
}

export const usualLimits: StreamLimits = {
  maxMessages: Infinity,
  maxBytes: Infinity,
  maxMessageBytes: Infinity,
  discard: "old",
  duplicateWindowMs: 120_000,
};

export interface StoredMessage extends StreamMessage {
  readonly sequence: number;
  /** Its `Nats-Msg-Id`; empty when it has none. */
  readonly id: string;
  readonly storedMs: number;
  /** Room that it takes. */
  readonly bytes: number;
  /** It was sent to a stream that stood here before. */
  readonly isStray: boolean;
}

/** What the server's disk would hold after a power cut. */
interface Synced {
  readonly messages: readonly StoredMessage[];
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export class SimulatedStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly created: string;
  readonly madeMs: number;
  limits = usualLimits;
  #messages: StoredMessage[] = [];
  #firstSequence = 1;
  #lastSequence = 0;
  #bytes = 0;
  #droppedBefore = 1;
  /** By message id: the sequence, and when it was stored. */
  #recent = new Map<string, { readonly sequence: number; readonly storedMs: number }>();
  /** `null` until the first sync: then the stream itself may be gone. */
  #synced: Synced | null = null;

  constructor(
    { name, subjects }: WantedStream,
    { created, madeMs }: { readonly created: string; readonly madeMs: number },
  ) {
    this.name = name;
    this.subjects = subjects;
    this.created = created;
    this.madeMs = madeMs;
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get extent(): StreamExtent {
    const { created } = this;
    return { created, firstSequence: this.#firstSequence, lastSequence: this.#lastSequence };
  }

  get storage(): StreamStorage {
    const { maxBytes, maxMessages, discard } = this.limits;
    return {
      stream: this.name,
      bytes: this.#bytes,
      maxBytes,
      messages: this.#messages.length,
      maxMessages,
      maxMessagesPerSubject: Infinity,
      dropsOldest: discard === "old",
      account: null,
    };
  }

  /** Limits or purges have taken all messages before this sequence, 1 when none. */
  get droppedBefore(): number {
    return this.#droppedBefore;
  }

  takes(subject: string): boolean {
    return this.subjects.some((each) =>
      each === subject || each.endsWith(">") && subject.startsWith(each.slice(0, -1))
    );
  }

  append(message: StreamMessage, nowMs: number, isStray = false): Outcome {
    const { name: stream, limits } = this;
    const id = message.headers.find(([name]) => name === "Nats-Msg-Id")?.[1] ?? "";
    this.#forgetIds(nowMs);
    const known = id === "" ? undefined : this.#recent.get(id);
    if (known !== undefined) {
      return { kind: "stored", stream, streamSequence: known.sequence, duplicate: true };
    }
    const size = messageBytes(message.headers, message.payload);
    if (size > limits.maxMessageBytes) {
      return { kind: "rejected", message: "message size exceeds maximum allowed (10054)" };
    }
    const bytes = storedBytes(message, size);
    const full = this.#refusal(bytes);
    if (full !== null) {
      return { kind: "hold", trouble: "storage_full", message: `${full} (10077)` };
    }
    const sequence = ++this.#lastSequence;
    const payload = message.payload.slice();
    this.#messages.push({ ...message, payload, sequence, id, storedMs: nowMs, bytes, isStray });
    this.#bytes += bytes;
    if (id !== "") this.#recent.set(id, { sequence, storedMs: nowMs });
    this.#makeRoom();
    return { kind: "stored", stream, streamSequence: sequence, duplicate: false };
  }

  message(sequence: number): StoredMessage | null {
    return this.#messages.find((each) => each.sequence === sequence) ?? null;
  }

  /** An operator alters it; messages beyond the new limits go, the oldest first. */
  limit(limits: Partial<StreamLimits>): void {
    this.limits = { ...this.limits, ...limits };
    this.#makeRoom();
  }

  purge(): void {
    this.#messages.length = 0;
    this.#bytes = 0;
    this.#begin(this.#lastSequence + 1);
  }

  /** As soon as it may: the real server remembers an id for up to twice as long. */
  #forgetIds(nowMs: number): void {
    for (const [id, { storedMs }] of this.#recent) {
      if (storedMs > nowMs - this.limits.duplicateWindowMs) break;
      this.#recent.delete(id);
    }
  }

  /** All that was stored so far outlives a power cut. */
  sync(): void {
    const { firstSequence, lastSequence } = this.extent;
    this.#synced = { messages: [...this.#messages], firstSequence, lastSequence };
  }

  /** The server starts again: it knows the ids of messages that it finds, if they are young. */
  restart(nowMs: number): void {
    this.#recent.clear();
    for (const { id, sequence, storedMs } of this.#messages) {
      if (id !== "") this.#recent.set(id, { sequence, storedMs });
    }
    this.#forgetIds(nowMs);
  }

  /** The server's power goes. False when nothing of the stream is left. */
  cutPower(random: RandomNumber): boolean {
    const synced = this.#synced;
    if (synced === null && random() < 0.3) return false;
    const from = synced?.lastSequence ?? 0;
    const lost = Math.floor(random() * (this.#lastSequence - from + 1));
    this.#lastSequence -= lost;
    const hasForgottenDrops = synced !== null && random() < 0.5;
    if (hasForgottenDrops) {
      const behind = this.#messages.filter(({ sequence }) => sequence > from);
      this.#messages = [...synced.messages, ...behind];
      this.#firstSequence = synced.firstSequence;
    }
    this.#messages = this.#messages.filter(({ sequence }) => sequence <= this.#lastSequence);
    this.#firstSequence = Math.min(this.#firstSequence, this.#lastSequence + 1);
    this.#bytes = this.#messages.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#makeRoom();
    this.sync();
    return true;
  }

  #refusal(bytes: number): string | null {
    const { maxMessages, maxBytes, discard } = this.limits;
    if (discard === "old") return null;
    if (this.#messages.length >= maxMessages) return "maximum messages exceeded";
    return this.#bytes + bytes >= maxBytes ? "maximum bytes exceeded" : null;
  }

  #makeRoom(): void {
    const { maxMessages, maxBytes } = this.limits;
    while (this.#messages.length > maxMessages || this.#bytes > maxBytes) this.#drop();
  }

  #drop(): void {
    const oldest = this.#messages.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.bytes;
    this.#begin(oldest.sequence + 1);
  }

  #begin(firstSequence: number): void {
    this.#firstSequence = firstSequence;
    this.#droppedBefore = Math.max(this.#droppedBefore, firstSequence);
  }
}

/** As the server's file store counts. */
function storedBytes({ subject, headers }: StreamMessage, size: number): number {
  const record = 30 + subject.length;
  return headers.length === 0
    ? record + size - messageBytes([], new Uint8Array(0))
    : record + 4 + size;
}
