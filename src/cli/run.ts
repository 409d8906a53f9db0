// `nectarcollector --config FILE`: the service itself. Runs until it is told to stop.

import { tmpdir } from "node:os";
import { crc32 } from "node:zlib";
import type { Command } from "commander";
import { Collector } from "../collector.ts";
import { type Config, enabledPorts } from "../config/config.ts";
import { type CaptureOnly, loadConfig } from "../config/load.ts";
import { closest } from "../config/wording.ts";
import { controlFolder } from "../control/control_place.ts";
import { ControlServer } from "../control/control_server.ts";
import { ownStatus } from "../control/service_status.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { FolderInUse } from "../platform/instance_lock.ts";
import { Libc } from "../platform/libc.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { ServiceManager } from "../platform/service_manager.ts";
import { openLog } from "../telemetry/operational_log.ts";
import { printProblems } from "./check.ts";
import { configPath } from "./config_option.ts";
import { HangupSignal } from "./hangup_signal.ts";
import { ServiceBeat } from "./service_beat.ts";
import { giveUpPrograms } from "./service_permissions.ts";
import { type ReloadAnswer, Reloading } from "./reloading.ts";
import { StopSignal } from "./stop_signal.ts";
import { StrayGuard } from "./stray_guard.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

/** A stop that takes longer is given up; nothing that was synced is lost by that. */
const stopLimitMs = 30_000;

const bootIdPath = "/proc/sys/kernel/random/boot_id";

/**
 * Where reads land, and where records wait that the disk does not take. systemd gives the service a
 * folder of its own in memory; without it, names in shared ones must not meet those of another user
 * or another collector.
 */
export function placesInMemory(
  statePath: string,
): { readonly lastingPrefix: string; readonly tailFolder: string } {
  const folder = Deno.env.get("RUNTIME_DIRECTORY");
  if (folder !== undefined) {
    return { lastingPrefix: `${folder}/caught-`, tailFolder: `${folder}/tail` };
  }
  const hash = crc32(statePath).toString(16).padStart(8, "0");
  const own = `nectarcollector-${Deno.uid()}-${hash}`;
  const temporary = Deno.env.get("XDG_RUNTIME_DIR") ?? tmpdir();
  return { lastingPrefix: `/dev/shm/${own}-`, tailFolder: `${temporary}/${own}-tail` };
}

/** Makes running the service what `program` does when no command is named. */
export function addRunAction(program: Command, terminal: Terminal): void {
  program.allowExcessArguments().action(async () => {
    const [unknown] = program.args;
    if (unknown !== undefined) {
      terminal.err(unknownCommand(unknown, program));
      return terminal.exit(exitCodes.failed);
    }
    terminal.exit(await run(configPath(program), terminal));
  });
}

function unknownCommand(name: string, program: Command): string {
  const names = program.commands.map((command) => command.name());
  const near = closest(name, names);
  const advice = near === undefined ? `commands are ${names.join(", ")}` : `did you mean ${near}?`;
  return `error: unknown command "${name}"; ${advice}`;
}

async function run(file: string, terminal: Terminal): Promise<number> {
  giveUpPrograms();
  const loaded = await loadConfig(file);
  if (loaded.ok) return await capture({ config: loaded.config, broken: [] }, file, terminal);
  if (loaded.captureOnly !== undefined) return await capture(loaded.captureOnly, file, terminal);
  printProblems(loaded.problems, file, terminal);
  return exitCodes.badConfig;
}

async function capture(
  { config, broken }: CaptureOnly,
  file: string,
  terminal: Terminal,
): Promise<number> {
  await using log = await openLog({
    folder: config.logging.base_path,
    level: config.logging.level,
    inColor: terminal.errInColor,
    print: (line) => terminal.err(line),
  });
  using libc = new Libc();
  let { report } = log;
  using strays = new StrayGuard(() => report);
  using stopped = new StopSignal();
  using hangup = new HangupSignal();
  using manager = new ServiceManager({ libc, report: (notice) => report(notice) });
  manager.letGoOfAllBut(devicesOf(config));
  let collector: Collector;
  try {
    collector = await Collector.start({
      config,
      deliver: true,
      broken,
      libc,
      disk: systemDisk,
      clock: systemClock,
      boot: libc.readText(bootIdPath).trim(),
      ...placesInMemory(config.journal.state_path),
      keeper: manager,
      report: log.report,
      strayErrors: () => strays.count,
    });
  } catch (error) {
    const inUse = error instanceof FolderInUse;
    log.report({
      level: "error",
      kind: inUse ? "already_running" : "start_failed",
      message: `start: ${errorText(error)}`,
      hint: inUse
        ? "stop it first, or give this one other folders (logging.base_path, journal.state_path)"
        : "mend the cause and start again",
    });
    return inUse ? exitCodes.alreadyRunning : exitCodes.failed;
  }
  report = collector.report;
  const reloading = new Reloading(file, collector);
  const reload = (): Promise<ReloadAnswer> => reloadAll(reloading, { collector, manager });
  await using _control = ControlServer.open({
    folder: controlFolder(file),
    configFile: file,
    commands: { reload, status: () => Promise.resolve(ownStatus(collector.status)) },
    clock: systemClock,
    report,
  });
  hangup.action = () => {
    const message = "SIGHUP received: reading the configuration and credentials anew";
    report({ level: "info", kind: "hangup", message });
    reload().catch((error) => {
      report({ level: "error", kind: "error", message: `reload: ${errorText(error)}` });
    });
  };
  manager.ready();
  await using _beat = new ServiceBeat({
    manager,
    clock: systemClock,
    vitals: () => collector.status,
  });
  const signal = await stopped.received;
  manager.stopping();
  report({ level: "info", kind: "stopping", message: `${signal} received: stopping` });
  return await stopWithin(collector, report);
}

/** Files that prove who we are may have changed though the configuration has not. */
async function reloadAll(
  reloading: Reloading,
  { collector, manager }: { readonly collector: Collector; readonly manager: ServiceManager },
): Promise<ReloadAnswer> {
  manager.reloading();
  try {
    const answer = await reloading.reload();
    collector.retryDelivery();
    return answer;
  } finally {
    manager.ready();
  }
}

/** What ports are kept open under. */
function devicesOf(config: Config): ReadonlySet<string> {
  return new Set(enabledPorts(config).flatMap((port) => port.type === "serial" ? port.device : []));
}

async function stopWithin(collector: Collector, report: Report): Promise<number> {
  const finished = new AbortController();
  const stop = collector.stop().then(() => true);
  const late = systemClock.delay(stopLimitMs, finished.signal).then(() => false);
  const inTime = await Promise.race([stop, late]);
  finished.abort();
  if (inTime) return exitCodes.ok;
  report({
    level: "error",
    kind: "stop_given_up",
    message: `stop: not finished within ${stopLimitMs / 1000} s; leaving`,
  });
  return exitCodes.failed;
}
