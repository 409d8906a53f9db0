// Reads the body of a post: never more of it than is allowed, never for longer than is bearable, and
// all of it or nothing.

import type { Hash } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { LoadShare } from "./http_load.ts";

/** `too_slow` to come, `no_room` beside others, `aborted` by whoever sent it, `stopped` by us. */
export type BodyFault = "too_long" | "too_slow" | "no_room" | "aborted" | "stopped";

export interface BodyLimits {
  readonly maxBytes: number;
  /** Longest pause between two pieces. */
  readonly pauseMs: number;
  /** Longest time for all. */
  readonly totalMs: number;
}

/** What is longer than this is believed only as it comes. */
const trustedBytes = 64 * 1024;

/** A body that is not taken. */
export interface RefusedBody {
  readonly fault: BodyFault;
  /**
   * Reads on and keeps nothing, so that the sender can read an answer; resolves to whether all has
   * come within that time.
   */
  discard(forMs: number): Promise<boolean>;
}

/** The body, behind `headBytes` that are left free; `hash` is given all of it. */
export async function readBody(request: Request, options: {
  readonly headBytes: number;
  readonly hash: Hash;
  readonly limits: BodyLimits;
  readonly share: LoadShare;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Uint8Array<ArrayBuffer> | RefusedBody> {
  const { headBytes, hash, limits, share, clock, signal } = options;
  const declared = declaredLength(request);
  const buffer = new GrowingBuffer(headBytes, Math.min(declared ?? Infinity, limits.maxBytes));
  if (request.body === null) return buffer.bytes;
  const reader = request.body.getReader();
  const refused = (fault: BodyFault): RefusedBody => ({
    fault,
    discard: (forMs) => discard(reader, forMs, clock),
  });
  if (declared !== null && declared > limits.maxBytes) return refused("too_long");
  using patience = new Patience(limits, clock, signal);
  try {
    for (;;) {
      const piece = await Promise.race([reader.read(), patience.over]);
      if (typeof piece === "string") return refused(piece);
      if (piece.done) break;
      patience.renew();
      if (buffer.room < piece.value.length) return refused("too_long");
      if (!share.grow(piece.value.length)) return refused("no_room");
      buffer.append(piece.value);
      hash.update(piece.value);
    }
  } catch {
    return refused("aborted");
  }
  const isWhole = declared === null || buffer.bytes.length - headBytes === declared;
  return isWhole ? buffer.bytes : refused("aborted");
}

async function discard(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  forMs: number,
  clock: Clock,
): Promise<boolean> {
  const enough = new AbortController();
  const over = clock.delay(forMs, enough.signal).then(() => null);
  try {
    for (;;) {
      const piece = await Promise.race([reader.read(), over]);
      if (piece === null) reader.cancel().catch(() => {});
      if (piece === null || piece.done) return piece !== null;
    }
  } catch {
    return false;
  } finally {
    enough.abort();
  }
}

function declaredLength(request: Request): number | null {
  const text = request.headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** How long a sender is waited for: until no piece has come for too long, or all takes too long. */
class Patience implements Disposable {
  /** Resolves when it is over, and to why. */
  readonly over: Promise<"too_slow" | "stopped">;
  readonly #limits: BodyLimits;
  readonly #clock: Clock;
  readonly #end: (why: "too_slow" | "stopped") => void;
  readonly #startMs: number;
  readonly #signal: AbortSignal;
  #lastMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limits: BodyLimits, clock: Clock, signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<"too_slow" | "stopped">();
    this.over = promise;
    this.#end = resolve;
    this.#limits = limits;
    this.#clock = clock;
    this.#signal = signal;
    this.#startMs = clock.monotonicMs();
    this.#lastMs = this.#startMs;
    signal.addEventListener("abort", this.#stop);
    this.#wait();
  }

  renew(): void {
    this.#lastMs = this.#clock.monotonicMs();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#stop);
  }

  readonly #stop = (): void => this.#end("stopped");

  /** One timer for many pieces. */
  #wait(): void {
    const { pauseMs, totalMs } = this.#limits;
    const endMs = Math.min(this.#lastMs + pauseMs, this.#startMs + totalMs);
    const restMs = endMs - this.#clock.monotonicMs();
    if (restMs <= 0) return this.#end("too_slow");
    this.#timer = setTimeout(() => this.#wait(), restMs);
  }
}

/** Bytes that grow in place up to a limit, behind a head. */
class GrowingBuffer {
  readonly #buffer: ArrayBuffer;
  readonly #maxLength: number;
  #length: number;

  constructor(headBytes: number, maxBytes: number) {
    this.#maxLength = headBytes + maxBytes;
    this.#length = headBytes;
    this.#buffer = maxBytes <= trustedBytes
      ? new ArrayBuffer(this.#maxLength)
      : new ArrayBuffer(headBytes + trustedBytes, { maxByteLength: this.#maxLength });
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, this.#length);
  }

  get room(): number {
    return this.#maxLength - this.#length;
  }

  append(piece: Uint8Array): void {
    const end = this.#length + piece.length;
    if (end > this.#buffer.byteLength) {
      this.#buffer.resize(Math.min(Math.max(end, 2 * this.#buffer.byteLength), this.#maxLength));
    }
    new Uint8Array(this.#buffer).set(piece, this.#length);
    this.#length = end;
  }
}
