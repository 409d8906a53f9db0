// What a configuration would run, in the words of the person who installs it. Holds no secret, so
// that it can be sent to support.

import { join } from "node:path";
import {
  type Config,
  type EnabledPort,
  enabledPorts,
  type ForwarderConfig,
  type PortConfig,
} from "../config/config.ts";
import { recordSubject, streamFor } from "../config/subjects.ts";
import { channelName } from "../record.ts";
import { nameOf } from "../source/websocket/websocket_dialer.ts";

/** One channel that would run. */
export interface ChannelSummary {
  readonly name: string;
  readonly type: string;
  readonly side: string;
  readonly fips: string;
  readonly source: string;
  /** Speed, framing of characters and flow control; `null` where there is no serial line. */
  readonly line: string | null;
  readonly subject: string;
  readonly log: string;
  /** File of the raw capture, and how much all of its files may take; `null` when it is off. */
  readonly raw: { readonly file: string; readonly max_mb: number } | null;
  readonly description: string | null;
}

/** A configuration, as `check --json` prints it. */
export interface Summary {
  readonly version: 1;
  readonly ok: true;
  readonly file: string;
  readonly app: string;
  readonly instance: string;
  readonly channels: readonly ChannelSummary[];
  readonly disabled: readonly { readonly port: string; readonly source: string }[];
  readonly journals: string;
  readonly state: string;
  readonly nats: {
    readonly servers: readonly string[];
    readonly stream: string;
    readonly stream_subjects: readonly string[];
  };
  readonly forwarder: { readonly servers: readonly string[]; readonly subject: string } | null;
}

export function summarize(config: Config, file: string): Summary {
  const stream = streamFor(config.nats.subject_prefix);
  return {
    version: 1,
    ok: true,
    file,
    app: config.app.name,
    instance: config.app.instance_id,
    channels: enabledPorts(config).map((port) => channelOf(port, config)),
    disabled: config.ports.flatMap((port, i) =>
      port.enabled ? [] : [{ port: `ports[${i}]`, source: sourceOf(port) }]
    ),
    journals: config.logging.base_path,
    state: config.journal.state_path,
    nats: {
      servers: config.nats.url.map(withoutPassword),
      stream: stream.name,
      stream_subjects: stream.subjects,
    },
    forwarder: forwarderOf(config.forwarder),
  };
}

/** The URL with stars for its password, or for the token that stands in a user's place. */
export function withoutPassword(server: string): string {
  const url = URL.parse(server);
  if (url === null || (url.username === "" && url.password === "")) return server;
  const user = url.password === "" ? "***" : `${url.username}:***`;
  return `${url.protocol}//${user}@${url.host}`;
}

function channelOf(port: EnabledPort, config: Config): ChannelSummary {
  const name = channelName({ fips: port.fips_code, side: port.side_designation });
  return {
    name,
    type: port.type,
    side: port.side_designation,
    fips: port.fips_code,
    source: sourceOf(port),
    line: lineOf(port),
    subject: recordSubject(config.nats.subject_prefix, port),
    log: join(config.logging.base_path, `${name}.log`),
    raw: port.raw_capture === undefined
      ? null
      : { file: join(config.logging.base_path, "raw", `${name}.raw`), ...port.raw_capture },
    description: port.description ?? null,
  };
}

function sourceOf(port: PortConfig): string {
  switch (port.type) {
    case "serial":
      return port.device;
    case "http":
      return `http port ${port.listen_port}, path ${port.path}`;
    case "tcp":
      return port.listen_port === undefined
        ? `tcp ${port.host}:${port.port}`
        : `tcp port ${port.listen_port}`;
    case "websocket":
      return nameOf(new URL(port.url));
  }
}

function lineOf(port: PortConfig): string | null {
  if (port.type !== "serial") return null;
  const flow = flowControlOf(port.use_flow_control);
  const frame = `${port.data_bits}${port.parity.charAt(0).toUpperCase()}${port.stop_bits}`;
  if (port.baud_rate > 0) return `${port.baud_rate} baud, ${frame}, ${flow}`;
  // As serial_channel.ts takes it.
  const found = frame === "8N1" ? "speed and frame are found" : `speed is found, ${frame}`;
  return `${found} from what the line sends, ${flow}`;
}

function flowControlOf(isUsed: boolean | undefined): string {
  if (isUsed === undefined) return "RTS/CTS once characters are lost";
  return isUsed ? "RTS/CTS flow control" : "no flow control";
}

function forwarderOf(forwarder: ForwarderConfig): Summary["forwarder"] {
  if (!forwarder.enabled) return null;
  const { remote_url = [], remote_subject = "" } = forwarder;
  return { servers: remote_url.map(withoutPassword), subject: remote_subject };
}
