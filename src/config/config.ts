// The configuration as the rest of the program sees it: former names are gone, and an enabled port
// has a side designation and a FIPS code, its own or the app's. Names are the file's own.

import type { CheckedFile } from "./schema.ts";

type CheckedPort = CheckedFile["ports"][number];
/** Over a union, `Omit` alone would keep only the keys that all members share. */
type WithoutKey<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An HTTP port that names no TCP port has the web page's. */
type WithListenPort<T> = T extends { type: "http" } ? T & { listen_port: number } : T;
type Port = WithListenPort<WithoutKey<CheckedPort, "a_designation">>;

/** A port that is captured. `type` says which of the other keys it has. */
export type EnabledPort = Port & {
  enabled: true;
  side_designation: string;
  fips_code: string;
};

/** A port that is only remembered. */
export type DisabledPort = Port & { enabled: false };

/** One entry of `ports`, discriminated by `type` (serial, http, tcp, websocket) and `enabled`. */
export type PortConfig = EnabledPort | DisabledPort;

/** The second server that records are delivered to. */
export type ForwarderConfig = Omit<CheckedFile["forwarder"], "remote_creds">;

/** A configuration that can be run. */
export type Config = Omit<CheckedFile, "ports" | "forwarder"> & {
  ports: PortConfig[];
  forwarder: ForwarderConfig;
};

/** Settles former names and inherited values of a file that the rules found nothing against. */
export function settle(file: CheckedFile): Config {
  const { remote_creds, ...forwarder } = file.forwarder;
  if (remote_creds !== undefined) forwarder.creds_file = remote_creds;
  return { ...file, forwarder, ports: file.ports.map((port) => settlePort(port, file)) };
}

/** The ports that are captured. */
export function enabledPorts(config: Config): EnabledPort[] {
  return config.ports.filter((port) => port.enabled);
}

function settlePort(port: CheckedPort, file: CheckedFile): PortConfig {
  const { a_designation, ...former } = port;
  const rest = former.type === "http"
    ? { ...former, listen_port: former.listen_port ?? file.monitoring.port }
    : former;
  const side = port.side_designation ?? a_designation;
  const fips = port.fips_code ?? file.app.fips_code;
  if (!port.enabled) {
    const disabled = { ...rest, enabled: false as const };
    return side === undefined ? disabled : { ...disabled, side_designation: side };
  }
  if (side === undefined || fips === undefined) {
    throw new Error("settling a port: it has no side or FIPS code, which rules.ts must have seen");
  }
  return { ...rest, enabled: true, side_designation: side, fips_code: fips };
}
