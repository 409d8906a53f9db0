// Connects to a NATS server, once: whoever wants another attempt dials again.

import { NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";
import type { NatsConnection } from "@nats-io/transport-node";
import { certificateFault } from "./certificate_fault.ts";
import type { ServerOptions } from "./connection.ts";
import { connectionFailure } from "./connection_failure.ts";
import { hostAddresses } from "../platform/host_addresses.ts";
import { NatsTransport } from "./nats_transport.ts";
import { SessionEnd } from "./session_end.ts";

/** For each address of the server, from the first packet to the answer to our login. */
const timeoutMs = 5000;

/** Rejects at once when `signal` aborts. @throws {SessionEnd} */
export async function dial(server: ServerOptions, signal: AbortSignal): Promise<NatsConnection> {
  if (signal.aborted) throw stoppedEnd();
  setTransportFactory({ factory: () => new NatsTransport(), dnsResolveFn: hostAddresses });
  const dialling = NatsConnectionImpl.connect({
    ...server,
    reconnect: false,
    timeout: timeoutMs,
    pingInterval: 10_000,
    maxPingOut: 2,
  });
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => {
    stopped.reject(stoppedEnd());
    dialling.then((late) => late.close(), () => {});
  };
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([dialling, stopped.promise]);
  } catch (error) {
    if (error instanceof SessionEnd) throw error;
    const reason = isVagueAboutCertificate(error) ? await certificateFault(server) : null;
    throw connectionFailure(`connect to ${server.servers}`, reason ?? error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Connects to the first of several that takes us; the second value is its index.
 * @throws {SessionEnd} with what each of them has said
 */
export async function dialAny(
  servers: readonly ServerOptions[],
  signal: AbortSignal,
): Promise<[NatsConnection, number]> {
  const failures: SessionEnd[] = [];
  for (const [index, server] of servers.entries()) {
    try {
      return [await dial(server, signal), index];
    } catch (error) {
      if (!(error instanceof SessionEnd) || signal.aborted) throw error;
      failures.push(error);
    }
  }
  // A server that rejects us is there, and somebody can act on it.
  const [first] = failures;
  const telling = failures.find(({ trouble }) => trouble === "unauthorized") ?? first;
  if (telling === undefined) throw new Error("connect: there are no servers");
  const message = failures.map((failure) => failure.message).join("; ");
  throw new SessionEnd(telling.trouble, message, { cause: telling, hint: telling.hint });
}

function stoppedEnd(): SessionEnd {
  return new SessionEnd("disconnected", "stopped");
}

function isVagueAboutCertificate(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|ERR_TLS_CERT_ALTNAME_INVALID)$/.test(String(error.code));
}
