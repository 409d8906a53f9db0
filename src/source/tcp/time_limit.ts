// An attempt that may take so long and no longer.

import type { Clock } from "../../platform/clock.ts";

/** The attempt took too long. */
export class OutOfTime extends Error {
  override readonly name = "OutOfTime";
}

/**
 * What `attempt` resolves to. The signal that it is given aborts when the time is over or `signal`
 * aborts; nobody waits for it then any more. @throws {OutOfTime}
 */
export async function within<Result>(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  attempt: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const given = Promise.withResolvers<never>();
  const stop = (): void => {
    over.abort();
    given.reject(signal.reason);
  };
  if (signal.aborted) throw signal.reason;
  signal.addEventListener("abort", stop);
  const timer = new AbortController();
  clock.delay(ms, timer.signal).then(() => {
    if (timer.signal.aborted) return;
    over.abort();
    given.reject(new OutOfTime(`no answer for ${ms / 1000} s`));
  });
  try {
    return await Promise.race([attempt(over.signal), given.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    timer.abort();
  }
}
