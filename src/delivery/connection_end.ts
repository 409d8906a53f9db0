// When a connection to NATS is over, and why: closed, or refused what it asked for.

import { type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import { connectionFailure } from "./connection_failure.ts";
import { SessionEnd } from "./session_end.ts";

/**
 * Resolves by itself when the connection is over; whoever finds another reason resolves it, too.
 * What may be refused without harm stands in `dispensable`, by its subject.
 */
export function watchEnd(
  connection: NatsConnection,
  dispensable: readonly string[] = [],
): PromiseWithResolvers<SessionEnd> {
  const ended = Promise.withResolvers<SessionEnd>();
  const address = connection.getServer();
  connection.closed().then((error) => {
    ended.resolve(connectionFailure(`connection to ${address} lost`, error));
  });
  watchErrors(connection, ended, dispensable);
  return ended;
}

async function watchErrors(
  connection: NatsConnection,
  ended: PromiseWithResolvers<SessionEnd>,
  dispensable: readonly string[],
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type !== "error" || !(status.error instanceof PermissionViolationError)) continue;
    const { subject, message } = status.error;
    if (dispensable.includes(subject)) continue;
    ended.resolve(new SessionEnd("unauthorized", message, { cause: status.error }));
  }
}
