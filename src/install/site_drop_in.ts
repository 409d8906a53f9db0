// What the unit needs because of this site's configuration: folders elsewhere than usual, ports of a
// class or a group that is not the usual one, more memory.

import type { Config } from "../config/config.ts";
import { unitName, usualPortsGroup } from "./system_files.ts";
import { memoryMaxMb } from "./unit.ts";

export const dropInPath = `/etc/systemd/system/${unitName}.d/50-site.conf`;

/** As the unit has them. */
const usualFolders = ["/var/log/nectarcollector", "/var/lib/nectarcollector"];
const usualClasses = ["ttyS", "ttyUSB", "ttyACM", "ttyAMA"];

/** How much more than its budget the process may have before it must be a leak. */
const budgetsUntilLeak = 3;

export interface SiteNeeds {
  readonly config: Config;
  /** What the configured devices are called in /dev: `ttyS0`. */
  readonly deviceNames: readonly string[];
  /** The groups that they belong to. */
  readonly groups: readonly string[];
}

/** The folders that the service writes. */
export function serviceFolders({ logging, journal }: Config): string[] {
  return [...new Set([logging.base_path, journal.state_path])];
}

/** `null` where the unit alone is enough. */
export function siteDropIn({ config, deviceNames, groups }: SiteNeeds): string | null {
  const folders = serviceFolders(config).filter((folder) => !usualFolders.includes(folder));
  const classes = new Set(deviceNames.map(classOf).filter((name) => !usualClasses.includes(name)));
  const others = new Set(groups.filter((group) => group !== usualPortsGroup && group !== "root"));
  const quoted = folders.map((folder) => `"${folder.replaceAll("%", "%%")}"`).join(" ");
  const unit = folders.length === 0 ? [] : [`RequiresMountsFor=${quoted}`];
  const service = [
    ...folders.length === 0 ? [] : [`ReadWritePaths=${quoted}`],
    ...[...classes].map((name) => `DeviceAllow=char-${name} rw`),
    ...[...others].map((group) => `SupplementaryGroups=${group}`),
    ...memoryFor(config),
  ];
  if (unit.length + service.length === 0) return null;
  return [
    "# Written by nectarcollector install from the configuration: run it again when that changes.",
    ...unit.length === 0 ? [] : ["[Unit]", ...unit],
    ...service.length === 0 ? [] : ["[Service]", ...service],
    "",
  ].join("\n");
}

/** Memory file systems count as the service's, too. */
function memoryFor({ resources, journal }: Config): string[] {
  const neededMb = Math.ceil(resources.memory_mb * budgetsUntilLeak + journal.memory_tail_mb);
  return neededMb > memoryMaxMb ? [`MemoryMax=${neededMb}M`] : [];
}

/** The kernel's name of a kind of port: `ttyUSB` of `ttyUSB0`. */
function classOf(name: string): string {
  return name.replace(/\/?\d+$/, "");
}
