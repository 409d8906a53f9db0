// All that uninstalling comes to, as steps: the service goes, with the files that it came with. The
// records, the state and the configuration stay, unless they are to be purged.

import { readFileSync, rmSync } from "node:fs";
import { parseConfig } from "../config/load.ts";
import { fallbackName, previousName } from "./executable.ts";
import { configPath, type InstallTools } from "./installation.ts";
import { InstalledFile } from "./installed_file.ts";
import { temporaryName } from "./replaced_file.ts";
import { removeGroup, removeUser } from "./service_account.ts";
import { FilesKnown } from "./service_steps.ts";
import { dropInPath, serviceFolders } from "./site_drop_in.ts";
import type { Step } from "./step.ts";
import { executablePath, isAsWritten, serviceUser, systemFiles } from "./system_files.ts";
import { Systemd } from "./systemd.ts";
import { isThere, type Target } from "./target.ts";

export interface Removal {
  readonly steps: readonly Step[];
  /** Folders that stay, or are purged: configuration, records, state. */
  readonly folders: readonly string[];
  readonly resume: () => Promise<void>;
}

export interface RemovalWishes {
  /** Whether records, state, configuration and the user go as well. */
  readonly purge: boolean;
  /** Whether a package brought the executable and the system's files, and takes them itself. */
  readonly packaged: boolean;
}

/** Records that are on no disk are there, and nothing else that lasts. */
const memoryFolder = "/run/nectarcollector";
const usualFolders = ["/var/log/nectarcollector", "/var/lib/nectarcollector"];

/** Changes nothing. */
export async function planRemoval(
  { purge, packaged }: RemovalWishes,
  tools: InstallTools,
): Promise<Removal> {
  const { target, run, wasInterrupted } = tools;
  const systemd = new Systemd(tools);
  const before = target.isLive ? await systemd.state() : null;
  const paths = [...packaged ? [] : systemFiles().map(({ path }) => path), dropInPath];
  const files = paths.map((path) =>
    new InstalledFile({
      target,
      path,
      text: null,
      ...path === dropInPath ? {} : { isOurs: isAsWritten },
    })
  );
  const names = [previousName, fallbackName, temporaryName].map((name) => name(executablePath));
  const executables = packaged ? [] : [executablePath, ...names];
  const folders = foldersOf(target);
  const steps: Step[] = [
    ...target.isLive ? [new Stopped(systemd)] : [],
    new Disabled(systemd),
    ...files,
    ...target.isLive ? [new FilesKnown({ files, systemd, run, wasInterrupted })] : [],
    // The configuration last: as long as it is there, it is known which folders the others are.
    ...[...executables, ...purge ? [memoryFolder, ...folders.toReversed()] : []].map((path) =>
      new Gone(target, path)
    ),
    ...purge ? [new NoAccount(tools)] : [],
  ];
  const resume = async (): Promise<void> => {
    if (before !== null) await systemd.resume(before);
  };
  return { steps, folders: folders.filter((path) => isThere(target.path(path))), resume };
}

function foldersOf(target: Target): string[] {
  const file = target.path(configPath);
  const loaded = isThere(file) ? parseConfig(readFileSync(file, "utf8"), configPath) : null;
  const own = loaded?.ok === true ? serviceFolders(loaded.config) : [];
  const named = ["/etc/nectarcollector", ...usualFolders, ...own];
  // Also what a site's links lead to.
  return [...new Set(named.flatMap((path) => [path, target.followed(path)]))];
}

class Stopped implements Step {
  readonly goal = "the service is stopped";
  readonly #systemd: Systemd;

  constructor(systemd: Systemd) {
    this.#systemd = systemd;
  }

  async look(): Promise<readonly string[]> {
    const { active } = await this.#systemd.state();
    return active === "inactive" || active === "failed" ? [] : ["stop the service"];
  }

  async apply(): Promise<void> {
    await this.#systemd.stop();
  }

  /** It is started again when all else is as before. */
  undo(): void {}
}

class Disabled implements Step {
  readonly goal = "the service does not start with the machine";
  readonly #systemd: Systemd;

  constructor(systemd: Systemd) {
    this.#systemd = systemd;
  }

  async look(): Promise<readonly string[]> {
    return await this.#systemd.isEnabled() ? ["disable the service"] : [];
  }

  async apply(): Promise<void> {
    await this.#systemd.disable();
  }

  async undo(): Promise<void> {
    await this.#systemd.enable();
  }
}

/** A file or a folder goes for good: nothing that may fail comes after these. */
class Gone implements Step {
  readonly goal: string;
  readonly #name: string;
  readonly #path: string;

  constructor(target: Target, path: string) {
    this.goal = `no ${path}`;
    this.#name = path;
    this.#path = target.path(path);
  }

  look(): readonly string[] {
    return isThere(this.#path) ? [`remove ${this.#name}`] : [];
  }

  apply(): void {
    // With force also a link that leads nowhere, which Deno 2.4 would not find.
    rmSync(this.#path, { recursive: true, force: true });
  }

  undo(): void {}
}

class NoAccount implements Step {
  readonly goal = `no user ${serviceUser}`;
  readonly #tools: InstallTools;

  constructor(tools: InstallTools) {
    this.#tools = tools;
  }

  look(): readonly string[] {
    const { target } = this.#tools;
    const isKnown = target.hasUser(serviceUser) || target.hasGroup(serviceUser);
    return isKnown ? [`remove the user and the group ${serviceUser}`] : [];
  }

  async apply(): Promise<void> {
    const { target, run } = this.#tools;
    if (target.hasUser(serviceUser)) await removeUser(target, run);
    if (target.hasGroup(serviceUser)) await removeGroup(target, run);
  }

  undo(): void {}
}
