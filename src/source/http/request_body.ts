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

/** The body, behind `headBytes` that are left free; `hash` is given all of it. */
export async function readBody(request: Request, options: {
  readonly headBytes: number;
  readonly hash: Hash;
  readonly limits: BodyLimits;
  readonly share: LoadShare;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Uint8Array<ArrayBuffer> | BodyFault> {
  const { headBytes, hash, limits, share, signal } = options;
  const declared = declaredLength(request);
  if (declared !== null && declared > limits.maxBytes) return "too_long";
  if (signal.aborted) return "stopped";
  const buffer = new GrowingBuffer(headBytes, Math.min(declared ?? Infinity, limits.maxBytes));
  if (request.body === null) return buffer.bytes;
  const reader = request.body.getReader();
  let fault: BodyFault | null = null;
  const giveUp = (why: BodyFault): void => {
    fault ??= why;
    // Who sends may be gone already.
    reader.cancel(why).catch(() => {});
  };
  const stop = (): void => giveUp("stopped");
  signal.addEventListener("abort", stop);
  using patience = new Patience(options, () => giveUp("too_slow"));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || fault !== null) break;
      patience.renew();
      if (buffer.room < value.length) giveUp("too_long");
      else if (!share.grow(value.length)) giveUp("no_room");
      else {
        buffer.append(value);
        hash.update(value);
      }
    }
  } catch {
    giveUp("aborted");
  } finally {
    signal.removeEventListener("abort", stop);
  }
  const isWhole = declared === null || buffer.bytes.length - headBytes === declared;
  return fault ?? (isWhole ? buffer.bytes : "aborted");
}

function declaredLength(request: Request): number | null {
  const text = request.headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Calls out once when no piece has come for too long, or all takes too long. */
class Patience implements Disposable {
  readonly #limits: BodyLimits;
  readonly #clock: Clock;
  readonly #over: () => void;
  readonly #startMs: number;
  #lastMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    { limits, clock }: { readonly limits: BodyLimits; readonly clock: Clock },
    over: () => void,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#over = over;
    this.#startMs = clock.monotonicMs();
    this.#lastMs = this.#startMs;
    this.#wait();
  }

  renew(): void {
    this.#lastMs = this.#clock.monotonicMs();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /** One timer for many pieces. */
  #wait(): void {
    const { pauseMs, totalMs } = this.#limits;
    const endMs = Math.min(this.#lastMs + pauseMs, this.#startMs + totalMs);
    const restMs = endMs - this.#clock.monotonicMs();
    if (restMs <= 0) return this.#over();
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
