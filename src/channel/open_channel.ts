// Opens the channel of a port, whatever its type.

import type { EnabledPort } from "../config/config.ts";
import { channelName } from "../record.ts";
import type { ChannelContext } from "./channel_context.ts";
import { openHttpChannel } from "./http_channel.ts";
import type { OpenedChannel } from "./opened_channel.ts";
import { openSerialChannel } from "./serial_channel.ts";
import { openTcpChannel } from "./tcp_channel.ts";

export type SharedContext = Omit<ChannelContext, "opened">;

/** `null` for a type that this version does not capture, which is reported. */
export async function openChannel(
  port: EnabledPort,
  context: SharedContext,
): Promise<OpenedChannel | null> {
  await using opened = new AsyncDisposableStack();
  const channel = await openByType(port, { ...context, opened });
  opened.move();
  return channel;
}

async function openByType(
  port: EnabledPort,
  context: ChannelContext,
): Promise<OpenedChannel | null> {
  switch (port.type) {
    case "serial":
      return await openSerialChannel(port, context);
    case "http":
      return await openHttpChannel(port, context);
    case "tcp":
      return await openTcpChannel(port, context);
    case "websocket":
      tellNotSupported(port, context);
      return null;
  }
}

function tellNotSupported(
  { type, fips_code: fips, side_designation: side }: EnabledPort,
  { report }: ChannelContext,
): void {
  report({
    level: "error",
    kind: "port_not_supported",
    message: `${
      channelName({ fips, side })
    }: ports of type "${type}" are not captured by this version`,
    hint: "disable the port, or install a later version",
  });
}
