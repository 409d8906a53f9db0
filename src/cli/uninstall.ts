// `nectarcollector uninstall`: the service goes; records, state and configuration stay, unless they
// are to be purged, which is asked.

import { Command, Option } from "commander";
import { InstallLock } from "../install/install_lock.ts";
import { carryOut, lookAhead, type PlanOutcome } from "../install/plan.ts";
import { planRemoval } from "../install/removal.ts";
import { Libc } from "../platform/libc.ts";
import {
  addPlaceOptions,
  changeCount,
  type InstallWorld,
  obstacle,
  orRefused,
  type PlaceOptions,
  targetOf,
  tellFailure,
  tellStep,
  toolsFor,
} from "./install_options.ts";
import { exitCodes, type Terminal } from "./terminal.ts";
import { undisturbed } from "./undisturbed.ts";
import { waitingLines, type WaitingRecords, waitingRecords } from "./waiting_records.ts";

interface UninstallOptions extends PlaceOptions {
  readonly purge?: boolean;
  readonly yes?: boolean;
}

/** Builds the command. */
export function uninstallCommand(terminal: Terminal, world: InstallWorld = {}): Command {
  const command = new Command("uninstall")
    .description("take the service away; the records stay")
    .addHelpText("before", "Examples:\n  sudo nectarcollector uninstall\n")
    .option("--purge", "delete records, state, configuration and the user as well; asks first")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      "\nExit codes: 0 gone, also when it was not there, 1 failed, or not wanted",
    );
  command.addOption(new Option("--packaged").hideHelp());
  return addPlaceOptions(command).action(async (options: UninstallOptions) => {
    const work = (): Promise<number> => uninstall(options, terminal, world);
    terminal.exit(await orRefused("uninstall", terminal, work));
  });
}

async function uninstall(
  options: UninstallOptions,
  terminal: Terminal,
  world: InstallWorld,
): Promise<number> {
  const target = targetOf(options, world);
  const why = obstacle(target, options, "uninstall");
  if (why !== null) {
    terminal.err(`error: ${why}`);
    return exitCodes.failed;
  }
  const { purge = false, yes = false, packaged = false, dryRun = false, json = false } = options;
  using libc = (world.openLibc ?? (() => new Libc()))();
  using lock = dryRun ? null : new InstallLock(libc, target);
  const { steps, folders, resume } = await planRemoval(
    { purge, packaged },
    toolsFor({ target, libc, lock }, world),
  );
  const before = purge || dryRun ? await waitingRecords(target) : null;
  const tellWaiting = (waiting: WaitingRecords): void => {
    if (json) return;
    for (const line of waitingLines(waiting, { areKept: !purge })) terminal.err(line);
  };
  if (before !== null) tellWaiting(before);
  if (purge && !yes && !dryRun && folders.length > 0) {
    const { ask = Deno.stdin.isTerminal() ? confirm : null } = world;
    if (ask === null) {
      terminal.err(`error: uninstall --purge deletes ${folders.join(", ")}`);
      terminal.err("→ to do that without being asked: uninstall --purge --yes");
      return exitCodes.failed;
    }
    if (!ask(`Delete ${folders.join(", ")}, with all records?`)) {
      terminal.err("nothing was changed");
      return exitCodes.failed;
    }
  }
  const outcome: PlanOutcome = dryRun
    ? { steps: await lookAhead(steps), failure: null }
    : await undisturbed((stop) =>
      carryOut(steps, { tell: (step) => json || tellStep(step, terminal, true), resume, stop })
    );
  const { failure } = outcome;
  const kept = purge ? [] : folders;
  // The service has saved what it could when it was stopped.
  const waiting = before ?? await waitingRecords(target);
  if (json) {
    const ok = failure === null;
    const report = {
      version: 1,
      ok,
      dry_run: dryRun,
      steps: outcome.steps,
      failure,
      kept,
      waiting: asJson(waiting),
    };
    terminal.out(JSON.stringify(report, null, 2));
  } else {
    if (dryRun) { for (const step of outcome.steps) tellStep(step, terminal, false); }
    tellFailure(outcome, terminal);
    if (failure === null && changeCount(outcome.steps) === 0) terminal.out("nothing to do");
    if (failure === null && kept.length > 0) terminal.out(`kept  ${kept.join(", ")}`);
    if (failure === null && before === null) tellWaiting(waiting);
  }
  return failure === null ? exitCodes.ok : exitCodes.failed;
}

function asJson({ undelivered, inMemory, unknown }: WaitingRecords): object {
  return { undelivered, in_memory: inMemory, unknown };
}
