// `nectarcollector simulate`: exchanges that print calls on pseudo-terminals with lasting names, as
// badly as is wished for, until told to stop.

import type { Command } from "commander";
import { resolve } from "node:path";
import { systemClock } from "../platform/clock.ts";
import { FolderInUse } from "../platform/instance_lock.ts";
import { Libc } from "../platform/libc.ts";
import { errorText } from "../platform/notice.ts";
import type { BenchPort } from "../simulate/bench_port.ts";
import { planPorts, type PortPlan, startPort } from "./bench.ts";
import { writeBenchConfig } from "./bench_config.ts";
import { BenchFolder } from "./bench_folder.ts";
import { LiveLines } from "./live_lines.ts";
import { WrongValue } from "./option_values.ts";
import { type SimulateOptions, simulateOptions } from "./simulate_options.ts";
import { progressLine, summarize, summaryLines, titleOf } from "./simulate_report.ts";
import type { SitePort } from "./site_config.ts";
import { StopSignal } from "./stop_signal.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

const progressMs = 250;

/** How long a reader may take at the end for what was sent last. */
const settleMs = 1000;

/** Builds the command. */
export function simulateCommand(terminal: Terminal): Command {
  return simulateOptions(async (options) => {
    try {
      terminal.exit(await simulate(options, terminal));
    } catch (error) {
      terminal.err(`error: ${errorText(error)}`);
      terminal.exit(exitCodeOf(error));
    }
  });
}

function exitCodeOf(error: unknown): number {
  if (error instanceof WrongValue) return exitCodes.badConfig;
  return error instanceof FolderInUse ? exitCodes.alreadyRunning : exitCodes.failed;
}

/** @throws {WrongValue} @throws {FolderInUse} @throws {Error} when it cannot start */
async function simulate(options: SimulateOptions, terminal: Terminal): Promise<number> {
  const { seed = Math.floor(Math.random() * 999_999) + 1, seconds = Infinity } = options;
  const plans = planPorts(options);
  using told = new StopSignal(["SIGHUP"]);
  using resources = new DisposableStack();
  const libc = resources.use(new Libc());
  const names = plans.map(({ link }) => link);
  resources.use(new BenchFolder({ libc, folder: resolve(options.folder), names }));
  if (options.writeConfig !== undefined) {
    writeBenchConfig(options.writeConfig, plans.map((plan) => sitePort(plan, options)));
    terminal.err(`to read these ports: nectarcollector --config ${options.writeConfig}`);
  }
  const lines = new LiveLines({
    print: (line) => terminal.err(line),
    live: terminal.errInColor,
    clock: systemClock,
  });
  const ports = plans.map((plan, i) => {
    const port = startPort(plan, { libc, options, seed: seed + i });
    resources.use(port.cable);
    port.finished.catch((error) => lines.note(`${plan.link}: ${errorText(error)}`));
    lines.note(`${titleOf(port)}  ${plan.link}`);
    return port;
  });
  lines.note(`seed ${seed}; Ctrl-C ends it`);
  const progress = setInterval(() => {
    for (const { cable } of ports) cable.releaseExclusive();
    lines.show(ports.map(progressLine));
  }, progressMs);
  const finished = Promise.allSettled(ports.map((port) => port.finished));
  await Promise.race([told.within(seconds * 1000), finished]);
  const ends = await Promise.allSettled(ports.map((port) => end(port)));
  clearInterval(progress);
  lines.close();
  const summary = summarize(ports, seed);
  if (options.json === true) terminal.out(JSON.stringify(summary, null, 2));
  else for (const line of summaryLines(summary)) terminal.out(line);
  return ends.every(({ status }) => status === "fulfilled") ? exitCodes.ok : exitCodes.failed;
}

/** Settings that are going to change are left for the collector to find. */
function sitePort({ link, maker, settings }: PortPlan, options: SimulateOptions): SitePort {
  const change = options.then !== undefined;
  return { device: link, description: maker.name, settings: change ? undefined : settings };
}

async function end(port: BenchPort): Promise<void> {
  await port.stop();
  await port.cable.settle(settleMs);
}
