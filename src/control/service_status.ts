// What a running service tells of itself over its socket.

import * as z from "zod";
import type { ChannelStatus } from "../channel/channel_status.ts";
import type { SinkStatus } from "../delivery/sink.ts";
import { versionText } from "../platform/build.ts";

export const serviceStatusShape = z.object({
  /** As `--version` prints it. */
  version: z.string(),
  pid: z.number(),
  channels: z.array(z.object({
    name: z.string(),
    source: z.string(),
    state: z.string(),
    detail: z.string(),
    records: z.number(),
  })),
  sinks: z.array(z.object({
    name: z.string(),
    state: z.string(),
    detail: z.string(),
    backlog: z.number(),
  })),
  /** What is wrong as long as nobody mends it, a sentence each. */
  conditions: z.array(z.string()),
});

export type ServiceStatus = Readonly<z.infer<typeof serviceStatusShape>>;

/** Of this process. */
export function ownStatus({ channels, sinks, conditions }: {
  readonly channels: readonly ChannelStatus[];
  readonly sinks: readonly SinkStatus[];
  readonly conditions: readonly string[];
}): ServiceStatus {
  return {
    version: versionText(),
    pid: Deno.pid,
    channels: channels.map(({ name, source, state, detail, records }) => ({
      name,
      source,
      state,
      detail,
      records,
    })),
    sinks: sinks.map(({ name, state, detail, backlog }) => ({ name, state, detail, backlog })),
    conditions: [...conditions],
  };
}
