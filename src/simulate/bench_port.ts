// One port of a bench: an exchange on a cable, and what befalls them both: breaks, a cable that is
// pulled, a sender whose settings somebody changes.

import { type Clock, systemClock } from "../platform/clock.ts";
import type { Cable } from "./cable.ts";
import type { Maker } from "./makers.ts";
import { Pbx, type Sent } from "./pbx.ts";
import type { Random } from "./random.ts";
import type { UartSettings } from "./uart.ts";

/** Longer than any character at 50 baud. */
const breakMs = 250;

export interface BenchPortOptions {
  readonly cable: Cable;
  readonly maker: Maker;
  readonly random: Random;
  /** `Infinity` sends back to back. */
  readonly callsPerSecond: number;
  /** Ends by itself after so many calls. @default {Infinity} */
  readonly limit?: number | undefined;
  /** See `Pbx`. @default {false} */
  readonly numbered?: boolean | undefined;
  /** Between two breaks. @default {no breaks} */
  readonly breakEveryMs?: number | undefined;
  /** How long the cable is in, and then out. @default {always in} */
  readonly unplug?: { readonly everyMs: number; readonly forMs: number } | undefined;
  /** Settings to go on with, each after so many more calls. @default {none} */
  readonly changes?: { readonly to: readonly UartSettings[]; readonly afterCalls: number };
  /** @default {systemClock} */
  readonly clock?: Clock;
}

/** What has happened until now. */
export interface BenchPortStatus extends Sent {
  readonly breaks: number;
  readonly unplugs: number;
}

export class BenchPort implements AsyncDisposable {
  readonly cable: Cable;
  readonly maker: Maker;
  /** Settles when the exchange has ended: by its limit, a stop, or an error. */
  readonly finished: Promise<void>;
  readonly #options: BenchPortOptions;
  readonly #clock: Clock;
  readonly #pbx: Pbx;
  readonly #ended = new AbortController();
  #begunCalls = 0;
  #breaks = 0;
  #unplugs = 0;

  static start(options: BenchPortOptions): BenchPort {
    return new BenchPort(options);
  }

  private constructor(options: BenchPortOptions) {
    this.cable = options.cable;
    this.maker = options.maker;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#pbx = Pbx.start({
      ...options,
      limit: options.limit ?? Infinity,
      numbered: options.numbered ?? false,
      write: (bytes, signal) => this.#send(bytes, signal),
    });
    this.finished = this.#run();
    // Whoever awaits `finished` or `stop()` gets the error; until then it is not unhandled.
    this.finished.catch(() => {});
  }

  get status(): BenchPortStatus {
    return { ...this.#pbx.sent, breaks: this.#breaks, unplugs: this.#unplugs };
  }

  /** Ends after the record that is on the line. @throws the error that ended it before. */
  async stop(): Promise<void> {
    await this.#pbx.stop();
    await this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const end = (): void => this.#ended.abort();
    try {
      await Promise.all([this.#pbx.finished.finally(end), this.#sendBreaks(), this.#pullCable()]);
    } finally {
      end();
      await this.#pbx.stop();
    }
  }

  #send(bytes: Uint8Array, signal: AbortSignal): Promise<number> {
    const { to, afterCalls } = this.#options.changes ?? { to: [], afterCalls: 1 };
    const settings = this.#begunCalls % afterCalls === 0
      ? to[this.#begunCalls / afterCalls - 1]
      : undefined;
    if (settings !== undefined) this.cable.change(settings);
    this.#begunCalls += 1;
    return this.cable.send(bytes, signal);
  }

  async #sendBreaks(): Promise<void> {
    const signal = this.#ended.signal;
    while (await this.#passed(this.#options.breakEveryMs)) {
      if (!this.cable.plugged) continue;
      await this.cable.sendBreak(breakMs, signal);
      this.#breaks += 1;
    }
  }

  async #pullCable(): Promise<void> {
    const { unplug } = this.#options;
    while (await this.#passed(unplug?.everyMs)) {
      this.cable.unplug();
      this.#unplugs += 1;
      if (await this.#passed(unplug?.forMs)) this.cable.plug();
    }
  }

  /** Whether so many milliseconds went by before the end. */
  async #passed(ms: number | undefined): Promise<boolean> {
    if (ms !== undefined) await this.#clock.delay(ms, this.#ended.signal);
    return ms !== undefined && !this.#ended.signal.aborted;
  }
}
