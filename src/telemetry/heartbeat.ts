// A heartbeat: how the box gets on at one moment, in the fields of the original service. Never
// callers' data.

import type { ChannelStatus } from "../channel/channel_status.ts";
import type { SinkStatus } from "../delivery/sink.ts";

/** A channel, and which port it is. */
export interface BeatingChannel {
  readonly side: string;
  readonly fips: string;
  readonly status: ChannelStatus;
}

export interface BeatFacts {
  readonly instance: string;
  readonly fips: string | undefined;
  readonly uptimeMs: number;
  readonly channels: readonly BeatingChannel[];
  readonly sinks: readonly SinkStatus[];
  /** What is wrong as long as nobody mends it, a sentence each. */
  readonly conditions: readonly string[];
  /** Errors that escaped whatever should have caught them, since the start. */
  readonly strayErrors: number;
}

/** Behind the time, `ts`, which the journal writes. */
export interface HeartbeatFields {
  /** Version of the format. */
  readonly v: 1;
  readonly instance: string;
  readonly fips: string | null;
  readonly uptime_sec: number;
  /** Records are being delivered to the section `nats`. */
  readonly nats_connected: boolean;
  readonly channels: readonly ChannelBeat[];
  readonly conditions: readonly string[];
  readonly stray_errors: number;
}

export interface ChannelBeat {
  readonly device: string;
  /** Side designation. */
  readonly a: string;
  /** Where it is not the box's. */
  readonly fips?: string;
  readonly state: string;
  readonly baud: number | null;
  readonly reconnects: number;
  /** How often it was opened again because of an error that nobody expected. */
  readonly restarts: number;
  readonly bytes: number;
  /** Records. */
  readonly lines: number;
  readonly errors: number;
  /** When the newest record ended. */
  readonly last_line: string | null;
}

export function heartbeatOf(facts: BeatFacts): HeartbeatFields {
  const { instance, uptimeMs, channels, sinks, conditions } = facts;
  const fips = facts.fips ?? channels[0]?.fips ?? null;
  return {
    v: 1,
    instance,
    fips,
    uptime_sec: Math.floor(uptimeMs / 1000),
    nats_connected: sinks.some(({ name, state }) => name === "nats" && state === "delivering"),
    channels: channels.map((channel) => channelBeat(channel, fips)),
    conditions,
    stray_errors: facts.strayErrors,
  };
}

function channelBeat({ side, fips, status }: BeatingChannel, boxFips: string | null): ChannelBeat {
  const { source, state, baudRate, reconnects, restarts } = status;
  const { bytes, records, errors, lastRecordMs } = status;
  return {
    device: source,
    a: side,
    ...fips === boxFips ? {} : { fips },
    state,
    baud: baudRate,
    reconnects,
    restarts,
    bytes,
    lines: records,
    errors,
    last_line: lastRecordMs === null ? null : new Date(lastRecordMs).toISOString(),
  };
}
