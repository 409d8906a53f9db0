// What `install`, `upgrade` and `uninstall` share: where they work, what they need there, and how they
// tell what they do.

import type { Command } from "commander";
import { existsSync } from "node:fs";
import { type PlanOutcome, type StepReport } from "../install/plan.ts";
import { type RunProgram, runSystemProgram } from "../install/programs.ts";
import { type InstallLock, isInstalling } from "../install/install_lock.ts";
import type { InstallTools } from "../install/installation.ts";
import { StepFailed } from "../install/step.ts";
import { packagedExecutablePath } from "../install/system_files.ts";
import { Target } from "../install/target.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { Libc } from "../platform/libc.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

/** What stands for the machine; replaced in tests. */
export interface InstallWorld {
  /** @default {the running system} */
  readonly target?: Target;
  /** @default {the C library} */
  readonly openLibc?: () => Libc;
  /** @default {starts it} */
  readonly run?: RunProgram;
  readonly clock?: Clock;
  /** This program's own file; `null` when it is none. @default {the compiled executable} */
  readonly executable?: string | null;
  /** Whether there is somebody to be asked. @default {whether standard input is a terminal} */
  readonly ask?: ((question: string) => boolean) | null;
}

export interface PlaceOptions {
  readonly root?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  /** Whether a package calls it, which brings the executable and the system's files itself. */
  readonly packaged?: boolean;
}

/** Adds the options that say where and how. */
export function addPlaceOptions(command: Command): Command {
  return command
    .option("--root <folder>", "work on the system below this folder; starts nothing there")
    .option("--dry-run", "only say what would be done")
    .option("--json", "print JSON, for programs");
}

/** Why it cannot be done there; `null` where it can. `command` is what was typed. */
export function obstacle(
  target: Target,
  { dryRun = false, packaged = false }: PlaceOptions,
  command: string,
): string | null {
  if (!packaged && existsSync(target.path(packagedExecutablePath))) {
    return `${command}: a Debian package of it is installed: use apt-get or dpkg`;
  }
  if (!target.isLive || dryRun) return null;
  if (Deno.uid() !== 0) return `${command}: root is needed: sudo nectarcollector ${command}`;
  if (existsSync(target.path("/run/systemd/system"))) return null;
  return `${command}: systemd does not run here; without it, start nectarcollector --config FILE ` +
    `by what does, or prepare another system: nectarcollector ${command} --root FOLDER`;
}

/** Where it works. */
export function targetOf({ root }: PlaceOptions, world: InstallWorld): Target {
  return root === undefined ? world.target ?? new Target() : new Target(root);
}

/** `lock` is `null` where nothing is to be done. */
export function toolsFor(
  { target, libc, lock }: {
    readonly target: Target;
    readonly libc: Libc;
    readonly lock: InstallLock | null;
  },
  world: InstallWorld,
): InstallTools {
  const { run = runSystemProgram, clock = systemClock } = world;
  const wasInterrupted = lock === null ? isInstalling(target) : lock.wasInterrupted;
  return { target, run, clock, libc, wasInterrupted };
}

export function ownExecutable({ executable }: InstallWorld): string | null {
  if (executable !== undefined) return executable;
  return Deno.build.standalone ? Deno.execPath() : null;
}

/** Prints what a step did, or would do. */
export function tellStep({ changes }: StepReport, terminal: Terminal, isDone: boolean): void {
  for (const change of changes) terminal.out(`${isDone ? "done" : "would"}  ${change}`);
}

/** Prints why a plan failed, and what is left of it. */
export function tellFailure({ failure }: PlanOutcome, terminal: Terminal): void {
  if (failure === null) return;
  const { message, hint, left } = failure;
  terminal.err(`error: ${message}`);
  terminal.err(`→ ${hint}`);
  for (const each of left) terminal.err(`could not be taken back: ${each}`);
  if (left.length === 0) terminal.err("everything that was done is taken back");
}

/** How many things are to be done. */
export function changeCount(steps: readonly StepReport[]): number {
  return steps.reduce((sum, { changes }) => sum + changes.length, 0);
}

/** What the work resolves to; what cannot be begun is told, with what to do. */
export async function orRefused(
  command: string,
  terminal: Terminal,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    terminal.err(`error: ${command}: ${error.message}`);
    terminal.err(`→ ${error.hint}`);
    return exitCodes.failed;
  }
}
