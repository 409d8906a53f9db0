// The service as it is installed, and as it runs.

import type { Config } from "../config/config.ts";
import type { ServiceStatus } from "../control/service_status.ts";
import { serialDevices, siteFile } from "../install/installation.ts";
import { InstalledFile } from "../install/installed_file.ts";
import {
  executablePath,
  packagedExecutablePath,
  systemFiles,
  unitName,
} from "../install/system_files.ts";
import type { Account } from "../install/target.ts";
import { versionText } from "../platform/build.ts";
import { type Finding, well } from "./finding.ts";
import type { Machine } from "./machine.ts";
import type { ServiceUnit } from "./service_unit.ts";

const subject = "service";
const byPackage = "sudo apt-get install --reinstall nectarcollector";
const byInstall = "sudo nectarcollector install";

/** `config` is what the service is to run on; `null` where it does not check. */
export function examineInstallation(
  machine: Machine,
  { unit, account, config }: {
    readonly unit: ServiceUnit;
    readonly account: Account | null;
    readonly config: Config | null;
  },
): Finding[] {
  const { isPackaged, user } = unit;
  if (machine.link(unit.path) === "/dev/null") {
    const mend = `sudo systemctl unmask nectarcollector && ${byInstall}`;
    return [fault("error", "it is masked: nobody can start it", null, mend)];
  }
  const { target } = machine;
  const hint = isPackaged ? byPackage : byInstall;
  const executable = isPackaged ? packagedExecutablePath : executablePath;
  const files = systemFiles(executable).map(({ path, packagedPath, text }) => ({
    path: isPackaged ? packagedPath : path,
    text,
  }));
  const changes = files.flatMap((file) => new InstalledFile({ target, ...file }).look());
  const site = config === null ? [] : siteFile(config, serialDevices(config), machine).look();
  const wants = `/etc/systemd/system/multi-user.target.wants/${unitName}`;
  const found: Finding[] = [
    ...machine.realPath(executable) === null
      ? [fault("error", `${executable} is not there`, "the unit starts it", hint)]
      : [],
    ...account === null
      ? [fault("error", `the user ${user} is not there`, "the unit runs as that user", hint)]
      : [],
    ...changes.map((change) =>
      fault(
        "warning",
        `${changedText(change)}`,
        "it is of another version than this program, or was changed by hand: a change that is " +
          "meant belongs into a drop-in (systemctl edit nectarcollector)",
        hint,
      )
    ),
    ...site.map((change) =>
      fault(
        "error",
        `the unit does not allow what this configuration needs: ${changedText(change)}`,
        "a folder or a port was changed in the configuration since it was installed",
        byInstall,
      )
    ),
    ...machine.link(wants) === null
      ? [fault(
        "warning",
        "it does not start with the machine",
        null,
        "sudo systemctl enable nectarcollector",
      )]
      : [],
  ];
  return found.length === 0 ? [well(subject, `installed: ${unit.path}`)] : found;
}

/** What a running one tells of itself, beyond its ports. */
export function examineRunning(
  { version, pid, channels, sinks, conditions }: ServiceStatus,
): Finding[] {
  const own = versionText();
  const found = [
    ...version === own ? [] : [fault(
      "warning",
      `it runs version ${version}, and this program is ${own}`,
      "it was not started anew since the upgrade, or there are two executables",
      "sudo systemctl restart nectarcollector",
    )],
    ...conditions.map((condition) =>
      fault("warning", condition, null, "journalctl -u nectarcollector --since -1h")
    ),
  ];
  const waiting = sinks.map(({ name, state, backlog }) => `${name} ${state}, backlog ${backlog}`);
  const captured = `${channels.filter(({ state }) => state === "running").length} of ` +
    `${channels.length} channels running`;
  const state = [`pid ${pid}`, captured, ...waiting].join("; ");
  return found.length === 0 ? [well(subject, `it runs: ${state}`)] : found;
}

/** `write X` and `replace X` are what `install` would do. */
function changedText(change: string): string {
  return change
    .replace(/^write (.*)$/, "$1 is missing")
    .replace(/^replace (.*)$/, "$1 is not as shipped")
    .replace(/^remove (.*)$/, "$1 is not needed any more")
    .replace(/^set owner and mode of (.*)$/, "$1 has another owner or mode");
}

function fault(
  level: "warning" | "error",
  message: string,
  cause: string | null,
  hint: string,
): Finding {
  return { level, subject, message, cause, hint };
}
