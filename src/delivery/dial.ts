// Connects to a NATS server, once: whoever wants another attempt dials again.

import {
  AuthorizationError,
  connect,
  type ConnectionOptions,
  type NatsConnection,
} from "@nats-io/transport-node";
import { errorText } from "../platform/notice.ts";
import { SessionEnd } from "./session_end.ts";

/** Rejects at once when `signal` aborts. @throws {SessionEnd} */
export async function dial(
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const dialling = connect({
    ...options,
    reconnect: false,
    timeout: 5000,
    pingInterval: 10_000,
    maxPingOut: 2,
  });
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => {
    stopped.reject(new SessionEnd("disconnected", "stopped"));
    dialling.then((late) => late.close(), () => {});
  };
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([dialling, stopped.promise]);
  } catch (error) {
    if (error instanceof SessionEnd) throw error;
    const trouble = error instanceof AuthorizationError ? "unauthorized" : "disconnected";
    throw new SessionEnd(trouble, `connect: ${errorText(error)}`, error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
