// Connects for a replay: to a server with a stream that takes the copies, or over plain core NATS.

import type { Clock } from "../platform/clock.ts";
import { CoreConnection, type MessageConnection } from "./core_connection.ts";
import type { Destination } from "./destinations.ts";
import { Identity } from "./identity.ts";
import { NatsStreams } from "./nats_streams.ts";

/** A connection that copies can be published over. */
export interface ReplayConnection {
  readonly connection: MessageConnection;
  /** `null` over core NATS. */
  readonly stream: string | null;
}

/** Finds the stream that takes `subject`, unless it is core NATS. @throws {SessionEnd} @throws {NoStream} @throws {Error} */
export async function connectForReplay(
  destination: Destination,
  { subject, core, clock }: {
    readonly subject: string;
    readonly core: boolean;
    readonly clock: Clock;
  },
  signal: AbortSignal,
): Promise<ReplayConnection> {
  const identity = new Identity({ destination, clock, report: () => {} });
  if (core) {
    return {
      connection: await CoreConnection.open(await identity.servers(), signal),
      stream: null,
    };
  }
  const connection = await new NatsStreams(identity).connect(signal);
  try {
    const { name } = await connection.stream(subject, null);
    return { connection, stream: name };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
