// The configuration that a site begins with: a port for each that the machine has.

import { sides } from "../config/sides.ts";

export interface FirstConfigOptions {
  /** As the configuration names them, in their order. */
  readonly devices: readonly string[];
  readonly instance: string;
  /** `undefined` where nobody has said it: then the file does not check, and nothing is captured. */
  readonly fips: string | undefined;
  /** URL of the NATS server. */
  readonly nats: string | undefined;
}

/** Its text. */
export function firstConfig({ devices, instance, fips, nats }: FirstConfigOptions): string {
  const ports = devices.slice(0, sides.length).map((device, i) => ({
    device,
    side_designation: sides[i],
    enabled: true,
  }));
  const example = { device: "/dev/ttyUSB0", side_designation: sides[0], enabled: false };
  const config = {
    _comment: "written by nectarcollector install; speed and framing are found by themselves",
    app: { instance_id: instance, fips_code: fips ?? "" },
    ports: ports.length === 0 ? [example] : ports,
    ...nats === undefined ? {} : { nats: { url: nats } },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
