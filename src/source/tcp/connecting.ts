// Keeps a feed connected, for ever: the next connection, and the next, with pauses where an attempt
// of ours would only be the same again.

import { type Backoff, backoffMs } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";

/** A connection that lasts for less is no success. */
const steadyMs = 1000;

/** Brings connections, one after the other. */
export interface Connector<Connection> {
  /** What is connected to, or listened on, for people. */
  readonly name: string;
  /** The next connection needs an attempt of ours, which is better not made at once. */
  readonly dials: boolean;
  /** @throws {Error} with the reason why there is none; whatever, when `signal` aborts */
  next(signal: AbortSignal): Promise<Connection>;
  /** Resolves when another may take its place. */
  close(): Promise<void>;
}

export interface ConnectingOptions<Connection> {
  readonly connector: Connector<Connection>;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Uses a connection to its end, and closes it. */
  readonly use: (connection: Connection) => Promise<void>;
  /** There is no connection. */
  readonly failed: (error: unknown) => void;
}

/** Resolves when `signal` aborts. @throws what `use` throws */
export async function keepConnected<Connection>(
  { connector, backoff, clock, signal, use, failed }: ConnectingOptions<Connection>,
): Promise<void> {
  let failures = 0;
  try {
    while (!signal.aborted) {
      failures += 1;
      const connection = await next(connector, signal, failed);
      if (connection !== null) {
        const openedMs = clock.monotonicMs();
        await use(connection);
        if (clock.monotonicMs() - openedMs >= steadyMs) failures = 0;
        if (!connector.dials) continue;
      }
      if (!signal.aborted) await clock.delay(backoffMs(backoff, Math.max(1, failures)), signal);
    }
  } finally {
    await connector.close();
  }
}

async function next<Connection>(
  connector: Connector<Connection>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<Connection | null> {
  try {
    return await connector.next(signal);
  } catch (error) {
    if (!signal.aborted) failed(error);
    return null;
  }
}
