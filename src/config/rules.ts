// Rules that look at more than one key. They read a file that may have other faults, so that all
// are reported at once: a value of the wrong kind counts as absent here, its fault is the schema's.

import * as z from "zod";
import type { Fault, Path } from "./fault.ts";
import { tcpFaults, websocketFaults } from "./feed_rules.ts";
import { defaultPagePort } from "./port_schema.ts";

const textOrNone = z.string().optional().catch(undefined);
const given = z.unknown().optional();

const port = z.object({
  type: z.string().default("serial").catch(""),
  // Anything but a clear no is taken as a yes: the fault in it is reported by the schema.
  enabled: z.boolean().default(false).catch(true),
  side_designation: given,
  a_designation: given,
  fips_code: given,
  device: textOrNone,
  path: textOrNone,
  host: given,
  port: given,
  listen_port: z.number().optional().catch(undefined),
  username: given,
  password: given,
  password_file: given,
  token: given,
  token_file: given,
  listen_host: textOrNone,
  url: textOrNone,
  tls: z.object({ ca_file: given, cert_file: given, key_file: given, server_name: given })
    .optional().catch(undefined),
});

function section<T extends z.core.$ZodLooseShape>(shape: T): z.ZodCatch<z.ZodObject<T>> {
  const object = z.object(shape);
  return object.catch(() => object.parse({}));
}

const credentials = {
  password: given,
  password_file: given,
  token: given,
  token_file: given,
  tls: z.object({ cert_file: given, key_file: given }).optional().catch(undefined),
};

/** As much of a file as the rules need and as can be read. */
const glimpse = z.object({
  app: section({ fips_code: given }),
  ports: z.array(port.optional().catch(undefined)).optional().catch(undefined),
  nats: section(credentials),
  monitoring: section({
    ...credentials,
    password_hash: given,
    port: z.number().default(0).catch(0),
  }),
  forwarder: section({
    ...credentials,
    enabled: z.boolean().optional().catch(undefined),
    remote_url: given,
    remote_subject: given,
    remote_creds: given,
    creds_file: given,
  }),
  recovery: section({
    reconnect_delay_sec: z.number().optional().catch(undefined),
    max_reconnect_delay_sec: z.number().optional().catch(undefined),
  }),
});

type Glimpse = z.output<typeof glimpse>;
type GlimpsedPort = z.output<typeof port>;
interface Entry {
  readonly at: Path;
  readonly port: GlimpsedPort;
}

/** Faults between the keys of a file's value. */
export function brokenRules(value: unknown): Fault[] {
  const seen = glimpse.safeParse(value);
  if (!seen.success) return [];
  const file = seen.data;
  const entries = (file.ports ?? []).flatMap((port, i): Entry[] =>
    port === undefined ? [] : [{ at: ["ports", i], port }]
  );
  return [
    ...enabledFaults(file),
    ...entries.flatMap((entry) => portFaults(entry, file)),
    ...repetitions(entries, file),
    ...forwarderFaults(file),
    ...recoveryFaults(file),
    ...secretFaults(file),
  ];
}

function enabledFaults({ ports }: Glimpse): Fault[] {
  // An entry that cannot be read might be an enabled port.
  if (ports === undefined || ports.some((port) => port === undefined || port.enabled)) return [];
  const message = 'no port is enabled: set "enabled": true on at least one port';
  return [{ path: ["ports"], message }];
}

function portFaults({ at, port }: Entry, file: Glimpse): Fault[] {
  const found = twice(at, port, "side_designation", "a_designation");
  const name = `ports[${String(at[1])}]`;
  if (port.enabled && (port.side_designation ?? port.a_designation) === undefined) {
    const mustBe = "must be a side designation, A1 to A16 or B1 to B16";
    found.push({ path: [...at, "side_designation"], mustBe });
  }
  if (port.enabled && (port.fips_code ?? file.app.fips_code) === undefined) {
    const message = `no FIPS code for this port: give ten digits as ${name}.fips_code, ` +
      "or as app.fips_code for all ports";
    found.push({ path: [...at, "fips_code"], message });
  }
  if (port.type === "http") found.push(...loginFaults({ at, port }));
  if (port.type === "tcp") found.push(...tcpFaults(at, port));
  if (port.type === "websocket") found.push(...websocketFaults(at, port));
  return found;
}

function loginFaults({ at, port }: Entry): Fault[] {
  const found = twice(at, port, "password", "password_file");
  const hasPassword = port.password !== undefined || port.password_file !== undefined;
  const hasName = port.username !== undefined;
  if (hasName === hasPassword) return found;
  const name = `ports[${String(at[1])}]`;
  const message = `${name} asks senders for a user name and a password, or for neither: ` +
    `${hasName ? "password_file" : "username"} is missing`;
  return [...found, { path: [...at, hasName ? "password_file" : "username"], message }];
}

/** Sides, devices and whatever else only one port can have. */
function repetitions(entries: readonly Entry[], file: Glimpse): Fault[] {
  const found: Fault[] = [];
  const first = new Map<string, Path>();
  for (const { at, port } of entries) {
    for (const { key, what } of claims(port, file)) {
      const path = [...at, key];
      const earlier = first.get(what);
      if (earlier === undefined) first.set(what, path);
      else {
        const message = `${what} is already taken by ports[${String(earlier[1])}]`;
        found.push({ path, message, see: earlier });
      }
    }
  }
  return found;
}

function claims(port: GlimpsedPort, { monitoring }: Glimpse): { key: string; what: string }[] {
  const found: { key: string; what: string }[] = [];
  const sideKey = port.side_designation === undefined ? "a_designation" : "side_designation";
  const side = port[sideKey];
  if (port.enabled && typeof side === "string") found.push({ key: sideKey, what: `side ${side}` });
  const listenPort = port.listen_port ?? 0;
  if (port.type === "serial" && port.device !== undefined) {
    found.push({ key: "device", what: `device ${port.device}` });
  } else if (port.type === "http" && port.path !== undefined) {
    const what = `path ${port.path} on listen_port ${
      listenPort || monitoring.port || defaultPagePort
    }`;
    found.push({ key: "path", what });
  } else if (port.type === "tcp" && listenPort !== 0) {
    const at = port.listen_host === undefined ? "" : ` of ${port.listen_host}`;
    found.push({ key: "listen_port", what: `listen_port ${listenPort}${at}` });
  }
  return found;
}

function forwarderFaults({ forwarder }: Glimpse): Fault[] {
  const found = twice(["forwarder"], forwarder, "creds_file", "remote_creds");
  if (forwarder.enabled !== true) return found;
  for (const key of ["remote_url", "remote_subject"] as const) {
    if (forwarder[key] !== undefined) continue;
    const message = `forwarder.${key} is missing: an enabled forwarder needs remote_url ` +
      "(nats:// or tls://) and remote_subject";
    found.push({ path: ["forwarder", key], message });
  }
  return found;
}

function recoveryFaults({ recovery }: Glimpse): Fault[] {
  const first = recovery.reconnect_delay_sec || 1;
  const longest = recovery.max_reconnect_delay_sec || 60;
  if (longest >= first) return [];
  const message = `recovery.max_reconnect_delay_sec must not be less than reconnect_delay_sec: ` +
    `found ${longest} and ${first}`;
  const key = recovery.max_reconnect_delay_sec ? "max_reconnect_delay_sec" : "reconnect_delay_sec";
  return [{ path: ["recovery", key], message }];
}

function secretFaults(file: Glimpse): Fault[] {
  const { nats, monitoring, forwarder } = file;
  const found = twice(["monitoring"], monitoring, "password_hash", "password");
  for (const [name, section] of Object.entries({ nats, monitoring, forwarder })) {
    found.push(...twice([name], section, "password", "password_file"));
    found.push(...twice([name], section, "token", "token_file"));
    const tls = section.tls;
    if (tls === undefined || (tls.cert_file === undefined) === (tls.key_file === undefined)) {
      continue;
    }
    const message = `${name}.tls needs both cert_file and key_file, or neither`;
    found.push({ path: [name, "tls"], message });
  }
  return found;
}

/** A fault when both keys are given, of which one stands in for the other. */
function twice<K extends string>(
  at: Path,
  values: { readonly [key in K]?: unknown },
  key: K,
  other: K,
): Fault[] {
  if (values[key] === undefined || values[other] === undefined) return [];
  const message = `${other} and ${key} are both given: keep one of them`;
  return [{ path: [...at, other], message, see: [...at, key] }];
}
