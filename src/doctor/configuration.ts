// The configuration that all else is examined by.

import { enabledPorts } from "../config/config.ts";
import type { Loaded } from "../config/load.ts";
import { configPath } from "../install/installation.ts";
import { type Finding, unseen, well } from "./finding.ts";
import type { Machine } from "./machine.ts";

const subject = "configuration";

/** `loaded` is what came of reading the file. */
export function examineConfiguration(
  file: string,
  loaded: Loaded,
  machine: Machine,
): Finding[] {
  if (machine.hides(file)) {
    return [unseen(subject, `${file}: only root and the service may read it`, machine)];
  }
  if (loaded.ok) {
    const captured = enabledPorts(loaded.config).length;
    const off = loaded.config.ports.length - captured;
    return [well(subject, `${file}: ${captured} captured, ${off} switched off`)];
  }
  const without = loaded.captureOnly?.broken.map(({ name }) => name).join(" and ");
  return loaded.problems.map(({ line, column, message }) => ({
    level: "error",
    subject,
    message: line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`,
    cause: without === undefined
      ? "the service does not start with it"
      : `the service captures all the same, but without ${without}`,
    hint: isMissing(file, machine)
      ? "sudo nectarcollector install --fips 1429010002"
      : `nectarcollector check --config ${file}`,
  }));
}

/** The usual one, which `install` writes. The code is the site's. */
function isMissing(file: string, machine: Machine): boolean {
  return file === configPath && machine.ownership(file) === null;
}
