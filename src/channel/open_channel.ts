// Opens the channel of a port, whatever its type.

import type { EnabledPort } from "../config/config.ts";
import type { ChannelContext } from "./channel_context.ts";
import { openHttpChannel } from "./http_channel.ts";
import type { OpenedChannel } from "./opened_channel.ts";
import { openSerialChannel } from "./serial_channel.ts";
import { openTcpChannel } from "./tcp_channel.ts";
import { openWebSocketChannel } from "./websocket_channel.ts";

export type SharedContext = Omit<ChannelContext, "opened">;

export async function openChannel(
  port: EnabledPort,
  context: SharedContext,
): Promise<OpenedChannel> {
  await using opened = new AsyncDisposableStack();
  const channel = await openByType(port, { ...context, opened });
  opened.move();
  return channel;
}

async function openByType(
  port: EnabledPort,
  context: ChannelContext,
): Promise<OpenedChannel> {
  switch (port.type) {
    case "serial":
      return await openSerialChannel(port, context);
    case "http":
      return await openHttpChannel(port, context);
    case "tcp":
      return await openTcpChannel(port, context);
    case "websocket":
      return await openWebSocketChannel(port, context);
  }
}
