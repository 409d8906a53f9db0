// `nectarcollector backlog`: what waits to be delivered, how old it is and when it will be through.
// Read from journals and cursors on the disk, so it needs neither the service nor NATS.

import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { BacklogLook } from "../delivery/backlog.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { lookAtAll } from "./backlog_looks.ts";
import { backlogLines, reportBacklog } from "./backlog_report.ts";
import { printProblems } from "./check.ts";
import { configOption, configPath } from "./config_option.ts";
import { CannotLook, keptChannels } from "./kept_channels.ts";
import { LiveLines } from "./live_lines.ts";
import { wholeNumber } from "./option_values.ts";
import { tellTrouble } from "./sink_trouble.ts";
import { StopSignal } from "./stop_signal.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

interface BacklogOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly seconds: number;
}

/** Cursors are saved once a second: with fewer the pace would be a guess. */
const usualSeconds = 5;

const examples = `Examples:
  nectarcollector backlog
  nectarcollector backlog --watch
  nectarcollector backlog --json --config site.json
`;

const explanation = `
Read from the journals and cursors on the disk, whether the service runs or not. A running service
saves its cursors once a second: so much of what it has just delivered still counts as waiting.

The pace is told from two looks, five seconds apart; where nothing waits, one is enough.

Exit codes: 0 told, 2 it could not be done`;

/** Builds the command. */
export function backlogCommand(terminal: Terminal): Command {
  const command = new Command("backlog")
    .description("what waits to be delivered, how old it is and when it will be through")
    .addHelpText("before", examples)
    .addOption(configOption())
    .option("--watch", "look again and again, until Ctrl-C")
    .option("--seconds <n>", "between two looks", wholeNumber(3600), usualSeconds)
    .option("--json", "print JSON, for programs; with --watch a line a look")
    .addHelpText("after", explanation);
  return command.action(async (options: BacklogOptions) => {
    const file = configPath(command);
    const loaded = await loadConfig(file);
    if (!loaded.ok) {
      printProblems(loaded.problems, file, terminal);
      return terminal.exit(exitCodes.badConfig);
    }
    try {
      await backlog(loaded.config, options, terminal);
      terminal.exit(exitCodes.ok);
    } catch (error) {
      if (!(error instanceof CannotLook)) throw error;
      tellTrouble(error, terminal);
      terminal.exit(exitCodes.badConfig);
    }
  });
}

/** @throws {CannotLook} */
async function backlog(config: Config, options: BacklogOptions, terminal: Terminal): Promise<void> {
  const { watch = false, json = false, seconds } = options;
  using told = new StopSignal();
  using channels = new DisposableStack();
  const kept = keptChannels(config, { disk: systemDisk });
  for (const { journal } of kept) channels.use(journal);
  const isLive = watch && !json && terminal.outInColor;
  const lines = new LiveLines({
    print: (line) => terminal.out(line),
    live: isLive,
    clock: systemClock,
    width: isLive ? Deno.consoleSize().columns - 1 : 0,
  });
  const print = (looks: readonly BacklogLook[], before: readonly BacklogLook[]): void => {
    const report = reportBacklog(looks, before, systemClock.wallMs());
    if (json) terminal.out(JSON.stringify(report, null, watch ? 0 : 2));
    else if (isLive) lines.show(backlogLines(report, false));
    else for (const line of backlogLines(report, terminal.outInColor)) terminal.out(line);
  };
  let before: BacklogLook[] = [];
  let looks = lookAtAll(config, kept);
  if (!watch && looks.some(({ records }) => records > 0)) {
    await told.within(seconds * 1000);
    if (!told.signal.aborted) [before, looks] = [looks, lookAtAll(config, kept)];
  }
  print(looks, before);
  while (watch) {
    await told.within(seconds * 1000);
    if (told.signal.aborted) break;
    [before, looks] = [looks, lookAtAll(config, kept)];
    print(looks, before);
  }
  lines.close();
}
