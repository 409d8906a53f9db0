// `nectarcollector install`: from one file on a box to a service that runs for years. Run again, it
// changes nothing; run from a newer executable, it is the upgrade.

import { hostname } from "node:os";
import { Command, Option } from "commander";
import { checkAccess, type DeviceFinding } from "../install/device_access.ts";
import { configPath, type Installation, planInstallation } from "../install/installation.ts";
import { InstallLock } from "../install/install_lock.ts";
import { carryOut, lookAhead, type PlanOutcome } from "../install/plan.ts";
import { StepFailed } from "../install/step.ts";
import { Libc } from "../platform/libc.ts";
import { errorText } from "../platform/notice.ts";
import { printProblems } from "./check.ts";
import { counted } from "./counted.ts";
import {
  addPlaceOptions,
  changeCount,
  type InstallWorld,
  obstacle,
  orRefused,
  ownExecutable,
  type PlaceOptions,
  targetOf,
  tellFailure,
  tellStep,
  toolsFor,
} from "./install_options.ts";
import { exitCodes, type Terminal } from "./terminal.ts";
import { undisturbed } from "./undisturbed.ts";

interface InstallOptions extends PlaceOptions {
  readonly fips?: string;
  readonly instance: string;
  readonly nats?: string;
}

const examples = `Examples:
  sudo nectarcollector install --fips 1429010002
  sudo nectarcollector install --dry-run
  nectarcollector install --root /mnt/image --fips 1429010002
`;

const explanation = `
Makes the user and the folders, a first configuration from the ports found where there is none, the
unit and what belongs to it; starts the service, waits until it is up, and looks whether its user may
open every configured port. A configuration that is there is kept. What fails is taken back, and the
executable that was there before runs again.

Exit codes: 0 installed, also when nothing had to be done, 1 failed, 2 the configuration has problems`;

/** Builds the command. */
export function installCommand(terminal: Terminal, world: InstallWorld = {}): Command {
  const command = new Command("install")
    .description("make it a service of this machine, or bring one up to this version")
    .addHelpText("before", examples)
    .addOption(
      new Option("--fips <code>", "FIPS code for the first configuration, ten digits")
        .env("NECTAR_FIPS"),
    )
    .addOption(
      new Option("--instance <name>", "instance id for the first configuration")
        .env("NECTAR_INSTANCE").default(hostname(), "the machine's name"),
    )
    .addOption(
      new Option("--nats <url>", "NATS server for the first configuration").env("NECTAR_NATS"),
    )
    .addOption(new Option("--packaged").hideHelp())
    .addHelpText("after", explanation);
  return addPlaceOptions(command).action(async (options: InstallOptions) => {
    const work = (): Promise<number> => install(options, terminal, world);
    terminal.exit(await orRefused("install", terminal, work));
  });
}

async function install(
  options: InstallOptions,
  terminal: Terminal,
  world: InstallWorld,
): Promise<number> {
  const refuse = (message: string): number => {
    terminal.err(`error: ${message}`);
    return exitCodes.failed;
  };
  const target = targetOf(options, world);
  const why = obstacle(target, options, "install");
  if (why !== null) return refuse(why);
  const source = ownExecutable(world);
  if (source === null) {
    return refuse("install: these are the sources, not an executable: deno task compile makes one");
  }
  using libc = (world.openLibc ?? (() => new Libc()))();
  const { packaged = false, dryRun = false, json = false } = options;
  // Folders that are made on the way are for everybody, whatever root keeps to itself.
  Deno.umask(0o022);
  using lock = dryRun ? null : new InstallLock(libc, target);
  const tools = toolsFor({ target, libc, lock }, world);
  let plan: Installation;
  try {
    plan = await planInstallation({
      source: packaged ? null : source,
      fips: options.fips,
      instance: options.instance,
      nats: options.nats,
    }, tools);
  } catch (error) {
    if (error instanceof StepFailed) throw error;
    return refuse(`install: ${errorText(error)}`);
  }
  const { loaded, isFirst } = plan;
  const canRun = loaded.ok || loaded.captureOnly !== undefined;
  if (!canRun && !isFirst) {
    printProblems(loaded.problems, target.path(configPath), terminal);
    terminal.err("nothing was changed: mend the configuration, and run it again");
    return exitCodes.badConfig;
  }
  const outcome: PlanOutcome = dryRun
    ? { steps: await lookAhead(plan.steps), failure: null }
    : await undisturbed((stop) =>
      carryOut(plan.steps, {
        tell: (step) => json || tellStep(step, terminal, true),
        resume: plan.resume,
        stop,
      })
    );
  const isStarted = !dryRun && canRun && target.isLive && outcome.failure === null;
  const devices = isStarted ? await checkAccess(plan.devices, tools) : [];
  if (json) {
    const { steps, failure } = outcome;
    const problems = loaded.ok ? [] : loaded.problems;
    const config = { file: configPath, is_first: isFirst, problems };
    const ok = failure === null && canRun;
    const report = { version: 1, ok, dry_run: dryRun, steps, failure, config, devices };
    terminal.out(JSON.stringify(report, null, 2));
  } else {
    if (dryRun) { for (const step of outcome.steps) tellStep(step, terminal, false); }
    tellFailure(outcome, terminal);
    if (outcome.failure === null) conclude(outcome, { plan, isStarted, devices, terminal, dryRun });
  }
  if (outcome.failure !== null) return exitCodes.failed;
  return canRun ? exitCodes.ok : exitCodes.badConfig;
}

/** The state it is in now, and the next command. */
function conclude({ steps }: PlanOutcome, { plan, isStarted, devices, terminal, dryRun }: {
  readonly plan: Installation;
  readonly isStarted: boolean;
  readonly devices: readonly DeviceFinding[];
  readonly terminal: Terminal;
  readonly dryRun: boolean;
}): void {
  const { loaded } = plan;
  if (changeCount(steps) === 0) terminal.out("nothing to do: it is all as it should be");
  for (const { device, problem, hint } of devices) {
    if (problem !== null) terminal.err(`warning: ${device}: ${problem}\n→ ${hint}`);
  }
  if (!loaded.ok && loaded.captureOnly === undefined) {
    const written = dryRun ? "the first configuration will need more" : "installed, not started";
    terminal.err(`${written}: ${loaded.problems.map(({ message }) => message).join("; ")}`);
    terminal.err(`→ sudoedit ${configPath}, then: sudo nectarcollector install`);
    return;
  }
  const config = loaded.ok ? loaded.config : loaded.captureOnly?.config;
  if (!isStarted || config === undefined) return;
  const ports = counted(plan.devices.length, "serial port");
  terminal.out(`the service runs, with ${ports} configured`);
  terminal.out(`records  ${config.logging.base_path}`);
  terminal.out(`config   ${configPath}`);
  terminal.out("next     sudo nectarcollector doctor; journalctl -fu nectarcollector");
}
