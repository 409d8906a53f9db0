// All that installing comes to, as steps in their order: account, files, configuration, folders, the
// executable, and the service. Run again, none of them has anything to do.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Config, enabledPorts } from "../config/config.ts";
import { loadConfig, type Loaded, parseConfig } from "../config/load.ts";
import type { Clock } from "../platform/clock.ts";
import type { Libc } from "../platform/libc.ts";
import { visible } from "../source/serial/device_holder.ts";
import { listPorts } from "../source/serial/port_list.ts";
import { Executable, fallbackName, Proven } from "./executable.ts";
import { firstConfig, type FirstConfigOptions } from "./first_config.ts";
import { InstalledFile } from "./installed_file.ts";
import { OwnedFolder } from "./owned_folder.ts";
import type { RunProgram } from "./programs.ts";
import { ServiceAccount } from "./service_account.ts";
import { Enabled, FilesKnown, Running } from "./service_steps.ts";
import { dropInPath, serviceFolders, siteDropIn } from "./site_drop_in.ts";
import { type Step, StepFailed } from "./step.ts";
import { refuseStrangeRecords } from "./strange_records.ts";
import {
  executablePath,
  isAsWritten,
  packagedExecutablePath,
  serviceUser,
  systemFiles,
  unitName,
} from "./system_files.ts";
import { Systemd } from "./systemd.ts";
import { isThere, type Owner, type Target } from "./target.ts";

export const configPath = "/etc/nectarcollector/config.json";
const unitPath = `/etc/systemd/system/${unitName}`;

/** What it needs of the outside. */
export interface InstallTools {
  readonly target: Target;
  readonly run: RunProgram;
  readonly clock: Clock;
  readonly libc: Libc;
  /** Whether an installation was killed before this one, half-way. */
  readonly wasInterrupted: boolean;
}

export interface InstallWishes extends Omit<FirstConfigOptions, "devices"> {
  /** The executable to install; `null` where a package brought it, and the system's files. */
  readonly source: string | null;
}

export interface Installation {
  readonly steps: readonly Step[];
  /** The configuration that is there, or that is to be written. */
  readonly loaded: Loaded;
  readonly isFirst: boolean;
  /** The configured devices. */
  readonly devices: readonly string[];
  /** Lets the service go on as it was, when everything else is as it was. */
  readonly resume: () => Promise<void>;
}

const service: Owner = { user: serviceUser, group: serviceUser };
const readable: Owner = { user: "root", group: serviceUser };

/** Changes nothing. @throws {StepFailed} @throws {Error} when the configuration cannot be read */
export async function planInstallation(
  { source, ...wishes }: InstallWishes,
  tools: InstallTools,
): Promise<Installation> {
  const { target, run, libc, wasInterrupted } = tools;
  const systemd = new Systemd(tools);
  const configFile = target.followed(configPath);
  const file = target.path(configFile);
  const isFirst = !isThere(file);
  const first = isFirst ? firstConfig({ ...wishes, devices: freePorts(tools) }) : null;
  const loaded = first === null ? await loadConfig(file) : parseConfig(first, configPath);
  const config = loaded.ok ? loaded.config : loaded.captureOnly?.config ?? null;
  if (config !== null) refuseStrangeRecords(config, target);
  refuseMasked(target);
  const devices = config === null ? [] : serialDevices(config);
  const files = source === null
    ? []
    : systemFiles().map(({ path, text }) =>
      new InstalledFile({ target, path, text, isOurs: isAsWritten })
    );
  const [users, ...others] = files;
  const dropIn = config === null ? [] : [siteFile(config, devices, tools)];
  const started = [...files, ...dropIn];
  const executable = target.path(source === null ? packagedExecutablePath : executablePath);
  const before = target.isLive ? await systemd.state() : null;
  const steps: Step[] = [
    ...users === undefined ? [] : [users],
    new ServiceAccount({ target, run }),
    ...others,
    ...dropIn,
    new OwnedFolder({
      target,
      path: "/etc/nectarcollector",
      owner: readable,
      mode: 0o750,
      isDeep: false,
    }),
    new InstalledFile({
      target,
      path: configFile,
      text: first ?? readFileSync(file),
      mode: 0o640,
      owner: readable,
    }),
    ...(config === null ? [] : serviceFolders(config)).map((path) =>
      new OwnedFolder({ target, path, owner: service, mode: 0o750, isDeep: true })
    ),
    ...source === null ? [] : [new Executable({ target, source })],
    ...target.isLive ? [new FilesKnown({ files: started, systemd, run, wasInterrupted })] : [],
    ...config === null ? [] : [new Enabled(systemd)],
    ...config !== null && target.isLive
      ? [new Running({ systemd, libc, executable, files: started, wasInterrupted })]
      : [],
    ...source === null ? [] : [new Proven(target)],
  ];
  // One that nobody has seen running, and that does not come up, makes room for one that ran.
  const isOnTrial = isThere(target.path(fallbackName(executablePath)));
  const resume = async (): Promise<void> => {
    if (before !== null) await systemd.resume(isOnTrial ? { ...before, active: "active" } : before);
  };
  return { steps, loaded, isFirst, devices, resume };
}

/** Somebody has seen to it that the service never starts. @throws {StepFailed} */
function refuseMasked(target: Target): void {
  if (target.followed(unitPath) !== "/dev/null") return;
  const hint = `let it start again: sudo systemctl unmask ${unitName}; then run it again`;
  throw new StepFailed(`the service is masked: ${unitPath} leads to /dev/null`, hint);
}

/** Those that the kernel does not print on. */
function freePorts({ target, libc }: InstallTools): string[] {
  const { ports } = visible(() => listPorts(libc, target.root)) ?? { ports: [] };
  return ports.filter(({ isConsole }) => !isConsole)
    .map(({ configName }) => configName.slice(target.root.length));
}

/** Those that are captured. */
export function serialDevices(config: Config): string[] {
  return enabledPorts(config).flatMap((port) => port.type === "serial" ? [port.device] : []);
}

/** What this site's configuration needs of the unit. */
export function siteFile(
  config: Config,
  devices: readonly string[],
  { target, libc }: Pick<InstallTools, "target" | "libc">,
): InstalledFile {
  const found = devices.flatMap((device) =>
    visible(() => libc.realPath(target.path(device))) ?? []
  );
  const folder = target.path("/dev/");
  const text = siteDropIn({
    config,
    deviceNames: found.map((path) =>
      path.startsWith(folder) ? path.slice(folder.length) : basename(path)
    ),
    groups: found.map((path) => target.groupName(visible(() => libc.groupOf(path)) ?? 0)),
  });
  return new InstalledFile({ target, path: dropInPath, text });
}
