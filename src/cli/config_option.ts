// The option `--config FILE`, which many commands share: how it is declared and how it is read.

import { type Command, Option } from "commander";

export const defaultConfigPath = "/etc/nectarcollector/config.json";

/** `meaning` is what it is for where nothing is read without it. */
export function configOption(
  meaning = `configuration file (default: ${defaultConfigPath})`,
): Option {
  return new Option("-c, --config <file>", meaning);
}

/** The file that was named, else the usual one. */
export function configPath(command: Command): string {
  return namedConfig(command) ?? defaultConfigPath;
}

/**
 * The file that was named before or after the command's name. The option has no default of its
 * own, because the program's would hide what was given to the command.
 */
export function namedConfig(command: Command): string | undefined {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const { config } = at.opts<{ config?: string }>();
    if (config !== undefined && at.getOptionValueSource("config") !== "default") return config;
  }
  return undefined;
}
