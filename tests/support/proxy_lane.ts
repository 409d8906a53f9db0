// One direction of a proxied connection: what becomes of bytes on their way. The same lane serves
// all connections of a proxy, so that a narrow link is narrow for all of them together.

import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How a connection ends: with a FIN after what was sent, or with an RST. */
export type Cut = "end" | "reset";

/** The connection that bytes belong to. */
export interface Passage {
  readonly from: Socket;
  readonly to: Socket;
  /** Aborted when the connection is over. */
  readonly signal: AbortSignal;
  readonly cut: (how: Cut) => void;
  /** Bytes were lost or damaged: what comes later can mean nothing to the other side. */
  readonly spoil: () => void;
}

/** What happens, once, at the bytes that `pattern` matches. */
interface Trap {
  /** Over the bytes as characters of the same number. */
  readonly pattern: RegExp;
  readonly act: Cut | "damage";
}

/** A pattern that began in earlier bytes is still found. */
const rememberedBytes = 256;

/** A throttled lane passes a tenth of a second's bytes at a time. */
const throttleStepMs = 100;

export class ProxyLane {
  #thawed = Promise.resolve();
  #thaw: () => void = () => {};
  #swallows = false;
  #delayMs = 0;
  #bytesPerSecond = Infinity;
  /** When the throttled lane is free again. */
  #freeMs = 0;
  #trap: Trap | null = null;
  #passed = 0;
  #swallowed = 0;
  #sprung = 0;

  /** Bytes that came out at the other end. */
  get passedBytes(): number {
    return this.#passed;
  }

  get swallowedBytes(): number {
    return this.#swallowed;
  }

  /** How many traps have found their pattern. */
  get sprungTraps(): number {
    return this.#sprung;
  }

  /** Nothing passes, nothing is lost, until `thaw()`. */
  freeze(): void {
    this.#thaw();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#thawed = promise;
    this.#thaw = resolve;
  }

  thaw(): void {
    this.#thaw();
  }

  /** Takes bytes as if they had arrived, and forgets them. */
  swallow(): void {
    this.#swallows = true;
  }

  /** Bytes come out this much later at least. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Lets so many bytes a second through. */
  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Ends the connection right behind the next bytes that match; nothing behind them passes. */
  cutAfter(pattern: RegExp, how: Cut): void {
    this.#trap = { pattern, act: how };
  }

  /** Flips a bit of the last of the next bytes that match. */
  damage(pattern: RegExp): void {
    this.#trap = { pattern, act: "damage" };
  }

  /** Everything passes as it comes. */
  heal(): void {
    this.#thaw();
    this.#swallows = false;
    this.#delayMs = 0;
    this.#bytesPerSecond = Infinity;
    this.#trap = null;
  }

  /** Carries bytes from one end to the other until the connection is over. */
  async carry(passage: Passage): Promise<void> {
    const { from, to, signal } = passage;
    let before = "";
    // Left early, an iterator would destroy the socket before what it has to send is out.
    const chunks: AsyncIterable<Uint8Array> = from.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) {
        const bytes = chunk.subarray(at, at + this.#stepBytes());
        at += bytes.length;
        await this.#onTheWay(bytes.length, signal);
        if (signal.aborted) return;
        if (this.#swallows) {
          this.#swallowed += bytes.length;
          passage.spoil();
          continue;
        }
        if (!await this.#deliver(bytes, before, passage)) return;
        before = (before + latin1(bytes)).slice(-rememberedBytes);
      }
    }
    await this.#thawedOr(signal);
    if (!this.#swallows) to.end();
  }

  /** Writes bytes at the other end; `false` when a trap has cut the connection. */
  async #deliver(bytes: Uint8Array, before: string, passage: Passage): Promise<boolean> {
    const found = this.#spring(before, bytes);
    let out = bytes;
    if (found?.act === "damage") {
      out = bytes.map((byte, at) => at === found.end - 1 ? byte ^ 0x01 : byte);
      passage.spoil();
    } else if (found !== null) {
      out = bytes.subarray(0, found.end);
    }
    this.#passed += out.length;
    const cut = found === null || found.act === "damage" ? null : found.act;
    if (cut !== null) {
      await new Promise<void>((resolve) => passage.to.write(out, () => resolve()));
      passage.cut(cut);
      return false;
    }
    if (!passage.to.write(out)) await once(passage.to, "drain", { signal: passage.signal });
    return true;
  }

  /** The trap that these bytes spring, with where in them its match ends. */
  #spring(before: string, bytes: Uint8Array): { act: Trap["act"]; end: number } | null {
    if (this.#trap === null) return null;
    const { pattern, act } = this.#trap;
    const text = before + latin1(bytes);
    for (const match of text.matchAll(new RegExp(pattern, "g"))) {
      const end = match.index + match[0].length - before.length;
      if (end <= 0) continue;
      this.#trap = null;
      this.#sprung += 1;
      return { act, end };
    }
    return null;
  }

  #stepBytes(): number {
    return Math.max(1, Math.floor(this.#bytesPerSecond * throttleStepMs / 1000));
  }

  async #onTheWay(bytes: number, signal: AbortSignal): Promise<void> {
    await this.#thawedOr(signal);
    const nowMs = performance.now();
    const spentMs = bytes * 1000 / this.#bytesPerSecond;
    this.#freeMs = Math.max(nowMs, this.#freeMs) + spentMs;
    const waitMs = this.#delayMs + (spentMs > 0 ? this.#freeMs - nowMs : 0);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    await this.#thawedOr(signal);
  }

  async #thawedOr(signal: AbortSignal): Promise<void> {
    const over = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => over.resolve(), { once: true });
    if (signal.aborted) over.resolve();
    await Promise.race([this.#thawed, over.promise]);
  }
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
