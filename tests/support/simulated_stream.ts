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
  /** It was sent to a stream that stood here before, or to another leader of it. */
  readonly isStray: boolean;
}

/** Where a message stands whose id is known, and since when. */
type RecentId = Pick<StoredMessage, "sequence" | "storedMs">;

/** What the server's disk would hold after a power cut. */
interface Synced {
  readonly messages: readonly StoredMessage[];
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export class SimulatedStream {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Since when it is this one, with this leader: what was sent before is a stray. */
  sinceMs: number;
  limits = usualLimits;
  #created: string;
  /** As an alteration may have the real server tell it after its next start. */
  #nextCreated: string;
  #elections = 0;
  #messages: StoredMessage[] = [];
  /** Dropped by limits since the last sync: a server that is killed finds them again. */
  readonly #removed: StoredMessage[] = [];
  /** As the real one writes it before there was a message. */
  #firstSequence = 0;
  #lastSequence = 0;
  #bytes = 0;
  #droppedBefore = 1;
  /** By message id; `null` when the server has started and not needed it yet. */
  #recent: Map<string, RecentId> | null = null;
  /** `null` until the first sync: then the stream itself may be gone. */
  #synced: Synced | null = null;

  constructor(
    { name, subjects }: WantedStream,
    { created, madeMs }: { readonly created: string; readonly madeMs: number },
  ) {
    this.name = name;
    this.subjects = subjects;
    this.#created = this.#nextCreated = created;
    this.sinceMs = madeMs;
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get extent(): StreamExtent {
    return {
      created: this.#created,
      leadership: `leader ${this.#elections}`,
      firstSequence: this.#firstSequence,
      lastSequence: this.#lastSequence,
    };
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
    const recent = id === "" ? null : this.#recentIds(nowMs);
    const known = recent?.get(id);
    if (known !== undefined) {
      return { kind: "stored", stream, streamSequence: known.sequence, duplicate: true };
    }
    const size = messageBytes(message.headers, message.payload);
    if (size > limits.maxMessageBytes) {
      return { kind: "rejected", message: "message size exceeds maximum allowed (10054)" };
    }
    const full = this.#refusal(size);
    if (full !== null) {
      return { kind: "hold", trouble: "storage_full", message: `${full} (10077)` };
    }
    // As the file store counts.
    const bytes = 34 + message.subject.length + size;
    const sequence = ++this.#lastSequence;
    if (sequence === 1) this.#firstSequence = 1;
    const payload = message.payload.slice();
    this.#messages.push({ ...message, payload, sequence, id, storedMs: nowMs, bytes, isStray });
    this.#bytes += bytes;
    recent?.set(id, { sequence, storedMs: nowMs });
    this.#makeRoom();
    return { kind: "stored", stream, streamSequence: sequence, duplicate: false };
  }

  message(sequence: number): StoredMessage | null {
    return this.#messages.find((each) => each.sequence === sequence) ?? null;
  }

  /** An operator alters it; messages beyond the new limits go, the oldest first. */
  limit(limits: Partial<StreamLimits>): void {
    this.limits = { ...this.limits, ...limits };
    this.#nextCreated += ", altered";
    this.#makeRoom();
  }

  purge(): void {
    this.#messages.length = 0;
    this.#removed.length = 0;
    this.#bytes = 0;
    this.#begin(this.#lastSequence + 1);
  }

  /** An id is forgotten as soon as it may be: the real server remembers it for up to twice as long. */
  #recentIds(nowMs: number): Map<string, RecentId> {
    this.#recent ??= new Map(
      this.#messages.filter(({ id }) => id !== "")
        .map(({ id, sequence, storedMs }) => [id, { sequence, storedMs }]),
    );
    for (const [id, { storedMs }] of this.#recent) {
      if (storedMs > nowMs - this.limits.duplicateWindowMs) break;
      this.#recent.delete(id);
    }
    return this.#recent;
  }

  /** All that was stored so far outlives a power cut. */
  sync(): void {
    const { firstSequence, lastSequence } = this.extent;
    this.#removed.length = 0;
    this.#synced = { messages: [...this.#messages], firstSequence, lastSequence };
  }

  /** The server starts again: it knows the ids of young messages that it finds when it needs them. */
  restart(): void {
    this.#recent = null;
    this.#messages.unshift(...this.#removed.splice(0));
    this.#firstSequence = this.#messages[0]?.sequence ?? this.#firstSequence;
    this.#count();
    this.#makeRoom();
    this.#created = this.#nextCreated;
  }

  /** Another server leads, which lacks the newest messages, so many of them. */
  elect(lost: number, nowMs: number): void {
    this.#elections += 1;
    this.sinceMs = nowMs;
    this.#lastSequence -= Math.min(lost, this.#messages.length);
    this.#messages = this.#messages.filter(({ sequence }) => sequence <= this.#lastSequence);
    this.#removed.length = 0;
    this.#recent = null;
    this.#count();
    this.sync();
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
    this.#count();
    this.#makeRoom();
    this.sync();
    return true;
  }

  /** What it costs to store a message is not counted here, so that old ones may have to go all the same. */
  #refusal(size: number): string | null {
    const { maxMessages, maxBytes, discard } = this.limits;
    if (discard === "old") return null;
    if (this.#messages.length >= maxMessages) return "maximum messages exceeded";
    return this.#bytes + size >= maxBytes ? "maximum bytes exceeded" : null;
  }

  #makeRoom(): void {
    const { maxMessages, maxBytes } = this.limits;
    while (this.#messages.length > maxMessages || this.#bytes > maxBytes) this.#drop();
  }

  #drop(): void {
    const oldest = this.#messages.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.bytes;
    this.#removed.push(oldest);
    this.#begin(oldest.sequence + 1);
  }

  #count(): void {
    this.#bytes = this.#messages.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #begin(firstSequence: number): void {
    this.#firstSequence = firstSequence;
    this.#droppedBefore = Math.max(this.#droppedBefore, firstSequence);
  }
}
