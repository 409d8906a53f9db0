// The configuration that reads a bench's ports, for the next command that is wanted.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { WrongValue } from "./option_values.ts";
import { siteConfig, type SitePort } from "./site_config.ts";

/** Stands in what is written here: a file with anything else is somebody's work. */
const signature = "written by nectarcollector simulate";

/**
 * Writes `file`, also over an earlier one of these. Journals and state go beside it.
 * @throws {WrongValue} when the file is another one. @throws {Error} of the file system
 */
export function writeBenchConfig(file: string, ports: readonly SitePort[]): void {
  if (existsSync(file) && !readFileSync(file, "utf8").includes(signature)) {
    throw new WrongValue(`write ${file}: is there already, and not ${signature}; name another`);
  }
  const text = siteConfig({
    comment: `${signature}; with baud_rate 0 the collector finds the line settings by itself`,
    instance: "bench",
    folder: join(dirname(resolve(file)), "nectarcollector-bench"),
    ports,
    nats: {},
  });
  writeFileSync(file, text);
}
