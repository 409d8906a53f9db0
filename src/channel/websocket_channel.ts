// Puts the stages of a WebSocket feed together, from its configuration.

import type { EnabledPort } from "../config/config.ts";
import { SocketCare } from "../source/tcp/socket_care.ts";
import { authorization } from "../source/websocket/authorization.ts";
import { nameOf, WebSocketDialer } from "../source/websocket/websocket_dialer.ts";
import { WebSocketSource } from "../source/websocket/websocket_source.ts";
import { type ChannelContext, recoveryBackoff } from "./channel_context.ts";
import { openParts } from "./channel_parts.ts";
import { type OpenedChannel, openedRecordChannel } from "./opened_channel.ts";
import { RecordChannel } from "./record_channel.ts";

export type WebSocketPortConfig = Extract<EnabledPort, { type: "websocket" }>;

/** Opens the port's journal and builds its channel. */
export async function openWebSocketChannel(
  port: WebSocketPortConfig,
  context: ChannelContext,
): Promise<OpenedChannel> {
  const { config, libc, clock } = context;
  const url = new URL(port.url);
  const { journal, silence, guard, report } = await openParts(port, nameOf(url), context);
  const source = new WebSocketSource({
    connector: new WebSocketDialer({
      url,
      tls: port.tls,
      headers: async () => ({ ...port.headers, ...await authorization(port) }),
      care: new SocketCare({ libc }),
      clock,
    }),
    messages: port.messages,
    stallMs: port.stall_sec === undefined ? undefined : port.stall_sec * 1000,
    backoff: recoveryBackoff(config),
    clock,
  });
  return openedRecordChannel(new RecordChannel({ journal, source, clock, silence, guard, report }));
}
