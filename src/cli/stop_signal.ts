// The signals that end a command, SIGTERM and SIGINT (Ctrl-C): caught, so that it can end in order.

import { systemClock } from "../platform/clock.ts";

/** Of any timer. */
const longestTimerMs = 2 ** 31 - 1;

export class StopSignal implements Disposable {
  /** The first signal that came. */
  readonly received: Promise<Deno.Signal>;
  readonly #stop = new AbortController();
  readonly #listeners: readonly (readonly [Deno.Signal, () => void])[];

  /** Listens from now on. `more` are signals that end this command, too. */
  constructor(more: readonly Deno.Signal[] = []) {
    const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
    this.received = promise;
    this.#listeners = (["SIGTERM", "SIGINT", ...more] as const).map((name) => {
      const listener = (): void => {
        resolve(name);
        this.#stop.abort();
      };
      return [name, listener] as const;
    });
    for (const [name, listener] of this.#listeners) Deno.addSignalListener(name, listener);
  }

  /** Aborts with the first one. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Waits for a signal, and no longer than `ms`, which may be infinite. */
  async within(ms: number): Promise<void> {
    await systemClock.delay(Math.min(ms, longestTimerMs), this.#stop.signal);
  }

  /** Ends waiting, too. */
  [Symbol.dispose](): void {
    this.#stop.abort();
    for (const [name, listener] of this.#listeners) Deno.removeSignalListener(name, listener);
  }
}
