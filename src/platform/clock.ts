// Time as the program sees it. Passed in everywhere, so that a test can hold it in its hand.

export interface Clock {
  /** Wall clock, milliseconds since 1970, UTC. May step. */
  wallMs(): number;
  /** Milliseconds since some start; never steps. For time-outs and rates. */
  monotonicMs(): number;
  /** Waits. Resolves early, without an error, when `signal` aborts. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  delay(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener("abort", finish, { once: true });
    });
  },
};
