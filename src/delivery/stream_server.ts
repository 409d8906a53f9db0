// What delivery asks of a server with streams. An interface, because delivery's promises are tested
// on a server that cuts, stalls, forgets and fails on purpose.

import type { Outcome } from "./outcome.ts";
import type { FoundMessage } from "./resume.ts";
import type { SessionEnd } from "./session_end.ts";
import type { StreamStorage } from "./stream_storage.ts";
import type { WantedStream } from "./streams.ts";

export interface StreamServer {
  /**
   * Connects, once: whoever wants another attempt connects again. Rejects at once when `signal`
   * aborts. @throws {SessionEnd} @throws {Error} when the proof of identity cannot be read
   */
  connect(signal: AbortSignal): Promise<StreamConnection>;
  /**
   * Resolves to `true` when a fresh connection would be made with another proof of identity than the
   * last one, to `false` when `signal` aborts.
   */
  renewed(signal: AbortSignal): Promise<boolean>;
}

/** A server gets a strict prefix of what is published on one connection. */
export interface StreamConnection {
  /** Address of the server. */
  readonly address: string;
  /** Bytes of headers and payload that the server takes in one message. */
  readonly maxPayload: number;
  /** Resolves with the reason when the connection is gone, or cannot be used for what we want. */
  readonly ended: Promise<SessionEnd>;
  /** Finds the stream that takes `subject`, or makes the wanted one. @throws {NoStream} */
  stream(subject: string, wanted: WantedStream | null): Promise<SubjectStream>;
  /** What becomes of publishes goes to `settled`. To be called once, before the first of them. */
  listen(settled: (ticket: Ticket, outcome: Outcome) => void): void;
  /** Puts a message on the wire. The payload is copied before it returns. */
  publish(message: StreamMessage, ticket: Ticket): void;
  close(): Promise<void>;
}

/** Which record of which feed a publish is of. */
export interface Ticket {
  readonly feed: number;
  readonly sequence: number;
}

export interface StreamMessage {
  readonly subject: string;
  readonly headers: readonly [string, string][];
  readonly payload: Uint8Array;
}

/** The sequences that a stream holds. */
export interface StreamExtent {
  /** When the stream was made, as the server writes it: one made anew is another one. */
  readonly created: string;
  /**
   * Another one whenever another server of a cluster may have come to lead the stream: what the one
   * before had acknowledged may be missing then, and others' messages stand in its place.
   */
  readonly leadership: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** A stream as far as it concerns one subject. */
export interface SubjectStream {
  readonly name: string;
  /** What it holds now. */
  extent(): Promise<StreamExtent>;
  /**
   * Makes sure that the stream answers. `null` when the server has told of no change of it: most times
   * it is then not asked for more.
   */
  glance(): Promise<StreamExtent | null>;
  /** How full it is now. */
  storage(): Promise<StreamStorage>;
  /** The id of the message at a stream sequence; `null` when there is no message. */
  messageId(sequence: number): Promise<string | null>;
  /** The bytes of the message at a stream sequence; `null` when there is no message. */
  payload(sequence: number): Promise<Uint8Array | null>;
  /**
   * Calls `found` for each of our messages on the subject from stream sequence `from` to `to`,
   * both included, in order. @throws {Error} when the server stays silent for 5 s
   */
  each(from: number, to: number, found: (message: FoundMessage) => void): Promise<void>;
}
