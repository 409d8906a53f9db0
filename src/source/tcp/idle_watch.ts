// Gives a connection up that has been silent for too long: the other side may have forgotten it while
// its system still answers.

import type { Clock } from "../../platform/clock.ts";

/** Longest time that a timer can take, in milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

export interface IdleWatchOptions {
  /** @default {any time will do} */
  readonly limitMs: number | undefined;
  readonly clock: Clock;
  /** Nothing can be heard now, because nobody listens. */
  readonly isDeaf: () => boolean;
  readonly tooLong: () => void;
}

export class IdleWatch implements Disposable {
  readonly #options: IdleWatchOptions;
  #heardMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#wait();
  }

  heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /** One timer for a whole silence, however often something is heard. */
  #wait(): void {
    const { limitMs, clock } = this.#options;
    if (limitMs === undefined) return;
    const restMs = this.#heardMs + limitMs - clock.monotonicMs();
    this.#timer = setTimeout(
      () => this.#look(limitMs),
      Math.min(Math.max(restMs, 1), longestTimerMs),
    );
  }

  #look(limitMs: number): void {
    const { clock, isDeaf, tooLong } = this.#options;
    if (isDeaf()) this.heard();
    if (clock.monotonicMs() - this.#heardMs < limitMs) return this.#wait();
    tooLong();
  }
}
