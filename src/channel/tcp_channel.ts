// Puts the stages of a TCP feed together, from its configuration.

import type { EnabledPort } from "../config/config.ts";
import { framerFor } from "../framer/framer_for.ts";
import type { Connector } from "../source/tcp/connecting.ts";
import { hostAndPort } from "../source/tcp/host_and_port.ts";
import { SocketCare } from "../source/tcp/socket_care.ts";
import type { TcpConnection } from "../source/tcp/tcp_connection.ts";
import { TcpDialer } from "../source/tcp/tcp_dialer.ts";
import { TcpListener } from "../source/tcp/tcp_listener.ts";
import { TcpSource } from "../source/tcp/tcp_source.ts";
import { Acknowledgement } from "./acknowledgement.ts";
import { Channel } from "./channel.ts";
import { type ChannelContext, recoveryBackoff } from "./channel_context.ts";
import { openByteParts } from "./channel_parts.ts";
import { openedByteChannel, type OpenedChannel } from "./opened_channel.ts";

export type TcpPortConfig = Extract<EnabledPort, { type: "tcp" }>;

/** Opens the port's journal and builds its channel. */
export async function openTcpChannel(
  port: TcpPortConfig,
  context: ChannelContext,
): Promise<OpenedChannel> {
  const { config, clock } = context;
  const parts = await openByteParts(port, addressOf(port), context);
  const { journal, catchBuffer, silence, guard, report } = parts;
  const acknowledgement = port.acknowledge === undefined ? undefined : new Acknowledgement({
    journal,
    clock,
    sender: () => source.connection,
    text: Uint8Array.from(port.acknowledge, (character) => character.charCodeAt(0)),
  });
  const source: TcpSource = new TcpSource({
    connector: connectorOf(port, { ...context, report }, parts.name),
    backoff: recoveryBackoff(config),
    idleReconnectMs: port.idle_reconnect_sec === undefined
      ? undefined
      : port.idle_reconnect_sec * 1000,
    ...acknowledgement === undefined ? {} : { acknowledged: () => acknowledgement.settled() },
    clock,
  });
  const channel = new Channel({
    journal,
    source,
    catchBuffer,
    framer: framerFor(port.framing, journal.position),
    clock,
    idleFlushMs: port.idle_flush_ms,
    silence,
    guard,
    acknowledgement,
    report,
  });
  return openedByteChannel(channel, parts);
}

/** What is connected to, or listened on. */
function addressOf({ host, port, listen_host, listen_port }: TcpPortConfig): string {
  return host !== undefined && port !== undefined
    ? hostAndPort({ hostname: host, port })
    : hostAndPort({ hostname: listen_host, port: listen_port ?? 0 });
}

function connectorOf(
  port: TcpPortConfig,
  { libc, clock, report }: ChannelContext,
  channel: string,
): Connector<TcpConnection> {
  const tools = { care: new SocketCare({ libc }), clock };
  if (port.host !== undefined && port.port !== undefined) {
    return new TcpDialer({ ...tools, host: port.host, port: port.port, tls: port.tls });
  }
  if (port.listen_port === undefined) {
    throw new Error("open a TCP feed: it has no port to listen on");
  }
  return new TcpListener({
    ...tools,
    host: port.listen_host,
    port: port.listen_port,
    tls: port.tls,
    report: (notice) => report({ ...notice, message: `${channel}: ${notice.message}` }),
  });
}
