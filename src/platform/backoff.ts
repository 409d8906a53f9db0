// How long to wait before the next attempt. Pure.

export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Doubling from attempt to attempt; else always `initialMs`. */
  readonly exponential: boolean;
}

/** Milliseconds to wait after the `attempt`-th failure in a row, counted from 1. */
export function backoffMs(backoff: Backoff, attempt: number): number {
  const factor = backoff.exponential ? 2 ** Math.min(attempt - 1, 30) : 1;
  return Math.min(backoff.initialMs * factor, backoff.maxMs);
}
