// The configuration of a site without hardware: ports that are pseudo-terminals, and everything
// else as by default, with its files in one folder.

import { sides } from "../config/sides.ts";
import type { UartSettings } from "../simulate/uart.ts";

export interface SitePort {
  /** Absolute path. */
  readonly device: string;
  readonly description: string;
  /** What the line is set to. @default {left for the collector to find} */
  readonly settings?: UartSettings | undefined;
}

export interface SiteConfigOptions {
  /** For people who open the file. */
  readonly comment?: string;
  readonly instance: string;
  /** For journals and state. */
  readonly folder: string;
  /** At most `sides.length`. */
  readonly ports: readonly SitePort[];
  /** The section `nats`. */
  readonly nats: Readonly<Record<string, string>>;
}

/** The configuration's text, JSON. */
export function siteConfig(options: SiteConfigOptions): string {
  const { comment, instance, folder, ports, nats } = options;
  const config = {
    ...comment !== undefined && { _comment: comment },
    app: { instance_id: instance, fips_code: "1429010002" },
    ports: ports.map(({ device, description, settings }, i) => ({
      device,
      side_designation: sides[i],
      ...settings && {
        baud_rate: settings.baud,
        data_bits: settings.dataBits,
        parity: settings.parity,
        stop_bits: settings.stopBits,
      },
      description,
      enabled: true,
    })),
    nats,
    logging: { base_path: `${folder}/log` },
    journal: { state_path: `${folder}/state` },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
