// `nectarcollector verify --against-stream`: whether the stream holds what the journal holds, record
// by record. Reads only, so it is safe beside a running service.

import { Command } from "commander";
import { type Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { type Destination, destinations } from "../delivery/destinations.ts";
import { troubleHints } from "../delivery/outcome.ts";
import { auditSink } from "../delivery/stream_audit.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { printProblems } from "./check.ts";
import { configOption, configPath } from "./config_option.ts";
import { counted } from "./counted.ts";
import { CannotLook, type KeptChannel, keptChannels } from "./kept_channels.ts";
import { LiveLines } from "./live_lines.ts";
import { ProgressBar } from "./progress_bar.ts";
import { StopSignal } from "./stop_signal.ts";
import { sinkTrouble, tellTrouble } from "./sink_trouble.ts";
import { exitCodes, type Terminal } from "./terminal.ts";
import { reportChannel, reportVerify, type SinkReport, verifyLines } from "./verify_report.ts";

interface VerifyOptions {
  readonly againstStream?: boolean;
  readonly channel?: string;
  readonly json?: boolean;
}

const examples = `Examples:
  nectarcollector verify --against-stream
  nectarcollector verify --against-stream --channel A1
  nectarcollector verify --against-stream --json
`;

const noStreamHint = `${troubleHints.no_stream}; the service makes it when it delivers`;

const explanation = `
Every record that the journal holds is looked for in the stream of each sink: it must be there once,
in order, with the same bytes and headers. It may run beside the service: nothing is locked and
nothing written, and what arrives meanwhile is no finding.

Normal, and counted apart: messages older than what the journal still holds, records that the
stream's own limits have dropped, and records that are still to be delivered.

Exit codes: 0 all is well, 1 something was found, 2 it could not be done, or was broken off`;

/** Builds the command. */
export function verifyCommand(terminal: Terminal): Command {
  const command = new Command("verify")
    .description("compare journals and streams, record by record; changes nothing")
    .addHelpText("before", examples)
    .option("--against-stream", "compare with what is in the streams")
    .addOption(configOption())
    .option("--channel <side>", "only this one, such as A1 (default: all)")
    .option("--json", "print JSON, for programs")
    .addHelpText("after", explanation);
  return command.action(async (options: VerifyOptions) => {
    if (options.againstStream !== true) {
      terminal.err("error: say what to compare with: nectarcollector verify --against-stream");
      return terminal.exit(exitCodes.badConfig);
    }
    const file = configPath(command);
    const loaded = await loadConfig(file);
    if (!loaded.ok) {
      printProblems(loaded.problems, file, terminal);
      return terminal.exit(exitCodes.badConfig);
    }
    terminal.exit(await verify(loaded.config, options, terminal));
  });
}

async function verify(
  config: Config,
  { channel: only, json = false }: VerifyOptions,
  terminal: Terminal,
): Promise<number> {
  using told = new StopSignal();
  let channels: KeptChannel[];
  try {
    channels = keptChannels(config, { disk: systemDisk, only });
  } catch (error) {
    if (!(error instanceof CannotLook)) throw error;
    tellTrouble(error, terminal);
    return exitCodes.badConfig;
  }
  const names = counted(channels.length, "channel");
  terminal.err(`comparing the journals of ${names} with the streams; Ctrl-C ends it`);
  const lines = new LiveLines({
    print: (line) => terminal.err(line),
    live: terminal.errInColor,
    clock: systemClock,
  });
  const progress = new ProgressBar({ lines, clock: systemClock });
  const sinks: SinkReport[] = [];
  for (const destination of destinations(config)) {
    if (told.signal.aborted) break;
    sinks.push(await verifySink(destination, { config, channels, progress, told, terminal }));
  }
  for (const { journal } of channels) journal[Symbol.dispose]();
  if (told.signal.aborted) terminal.err("broken off: only what was read so far was compared");
  const report = reportVerify(sinks, told.signal.aborted);
  if (json) terminal.out(JSON.stringify(report, null, 2));
  else for (const line of verifyLines(report, terminal.outInColor)) terminal.out(line);
  if (report.findings > 0) return exitCodes.failed;
  return report.complete ? exitCodes.ok : exitCodes.badConfig;
}

async function verifySink(
  destination: Destination,
  { config, channels, progress, told, terminal }: {
    readonly config: Config;
    readonly channels: readonly KeptChannel[];
    readonly progress: ProgressBar;
    readonly told: StopSignal;
    readonly terminal: Terminal;
  },
): Promise<SinkReport> {
  const { name, subject } = destination;
  try {
    const audited = await auditSink({
      destination,
      channels: channels.map(({ port, ...rest }) => ({ ...rest, subject: subject(port) })),
      statePath: config.journal.state_path,
      disk: systemDisk,
      clock: systemClock,
      progress: (at) => progress.show(`${name} ${at.subject}`, at),
      signal: told.signal,
    });
    progress.close();
    return { name, trouble: null, channels: audited.map(reportChannel) };
  } catch (error) {
    progress.close();
    if (told.signal.aborted) return { name, trouble: null, channels: [] };
    const trouble = sinkTrouble(error, destination, noStreamHint);
    tellTrouble(trouble, terminal);
    const { message, hint } = trouble;
    return { name, trouble: { message, hint }, channels: [] };
  }
}
