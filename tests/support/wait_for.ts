// Tests wait for what they mean, never for a length of time. When it does not come, the
// message says what was awaited and what was there instead.

export interface WaitOptions {
  /** @default {10000} */
  readonly timeoutMs?: number;
  /** @default {10} */
  readonly intervalMs?: number;
}

/**
 * Asks `probe` until `accept` takes its value, and returns that value. An error that `probe`
 * throws counts as "not yet" and is the cause of the error thrown at the end of the time.
 *
 *     await waitForValue("three records in the log", () => countLines(path), (n) => n === 3);
 *
 * @throws {Error} `waited 10000 ms for three records in the log: last seen: 2`
 */
export async function waitForValue<Value>(
  what: string,
  probe: () => Value | Promise<Value>,
  accept: (value: Value) => boolean,
  options: WaitOptions = {},
): Promise<Value> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = performance.now() + timeoutMs;
  let lastSeen = "nothing yet";
  let cause: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (accept(value)) return value;
      lastSeen = Deno.inspect(value);
      cause = undefined;
    } catch (error) {
      lastSeen = error instanceof Error ? `an error: ${error.message}` : `${error}`;
      cause = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}: last seen: ${lastSeen}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 10));
  }
}

/** Waits until `condition` holds. @throws {Error} as `waitForValue` does. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  options: WaitOptions = {},
): Promise<void> {
  await waitForValue(what, condition, (holds) => holds, options);
}
