// A proof of identity that is never another, for sinks whose credentials are not what is tested.

/** Resolves to `false` when `signal` aborts. */
export function neverRenewed(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    signal.addEventListener("abort", () => resolve(false), { once: true });
  });
}
