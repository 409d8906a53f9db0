// The configuration that the demo runs with: the defaults, and four ports.

import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { siteConfig } from "./site_config.ts";

const prefix = "demo.cdr";

/** The stream that records of the demo are kept in. */
export const demoStream = "cdr";

export function demoConfig(options: {
  readonly folder: string;
  readonly devices: readonly string[];
  /** Names of the makers, one a device. */
  readonly makers: readonly string[];
  /** URL, or `null` when there is no nats-server. */
  readonly server: string | null;
}): Config {
  const { folder, devices, makers, server } = options;
  const text = siteConfig({
    instance: "demo",
    folder,
    ports: devices.map((device, i) => ({ device, description: makers[i] ?? "" })),
    nats: { subject_prefix: prefix, ...(server === null ? {} : { url: server }) },
  });
  const loaded = parseConfig(text, "the demo's configuration");
  if (loaded.ok) return loaded.config;
  throw new Error(loaded.problems.map(({ message }) => message).join("; "));
}
