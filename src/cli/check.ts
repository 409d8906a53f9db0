// `nectarcollector check`: whether a configuration can be run, and what it would run. Starts
// nothing and writes nothing, so it is safe beside a running service.

import { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import { type ConfigDisk, realConfigDisk } from "../config/text_file.ts";
import { credentialNotices } from "../delivery/credential_notices.ts";
import { destinations } from "../delivery/destinations.ts";
import { systemClock } from "../platform/clock.ts";
import { configOption, configPath } from "./config_option.ts";
import { counted } from "./counted.ts";
import { summarize, type Summary } from "./summary.ts";
import { bold, exitCodes, red, type Terminal } from "./terminal.ts";

/** Builds the command; `disk` is the place that configurations are read from. */
export function checkCommand(terminal: Terminal, disk: ConfigDisk = realConfigDisk): Command {
  const command = new Command("check")
    .description("check a configuration and show what it would run; starts nothing")
    .addOption(configOption())
    .option("--json", "print JSON, for programs")
    .addHelpText("after", "\nExit codes: 0 can be run, 2 has problems");
  return command.action(async (options: { json?: boolean }) => {
    await check(configPath(command), options.json ?? false, terminal, disk);
  });
}

async function check(
  file: string,
  asJson: boolean,
  terminal: Terminal,
  disk: ConfigDisk,
): Promise<void> {
  const loaded = await loadConfig(file, disk);
  if (!loaded.ok) {
    const { problems, captureOnly } = loaded;
    const without = captureOnly?.broken.map(({ name }) => name) ?? null;
    const report = { version: 1, ok: false, file, problems, captures_without: without };
    if (asJson) terminal.out(JSON.stringify(report, null, 2));
    else printProblems(problems, file, terminal);
    if (!asJson && without !== null) {
      terminal.err(`the service captures all the same, but without ${without.join(" and ")}`);
    }
    return terminal.exit(exitCodes.badConfig);
  }
  const summary = summarize(loaded.config, file);
  const readText = async (path: string): Promise<string> =>
    new TextDecoder().decode(await disk.read(path));
  const warnings = (await Promise.all(
    destinations(loaded.config).map((destination) =>
      credentialNotices(destination, { readText, clock: systemClock })
    ),
  )).flat().map(({ message }) => message);
  if (asJson) terminal.out(JSON.stringify({ ...summary, warnings }, null, 2));
  else {
    for (const line of summaryLines(summary, terminal.outInColor)) terminal.out(line);
    for (const warning of warnings) terminal.err(`warning: ${warning}`);
  }
  terminal.exit(exitCodes.ok);
}

/** Prints all problems to standard error, with a closing line that counts them. */
export function printProblems(
  problems: readonly Problem[],
  file: string,
  terminal: Terminal,
  consequence = "nothing was started",
): void {
  const inColor = terminal.errInColor;
  const style = {
    place: (text: string): string => bold(text, inColor),
    caret: (text: string): string => red(text, inColor),
  };
  for (const problem of problems) terminal.err(formatProblem(problem, style));
  terminal.err(`${counted(problems.length, "problem")} in ${file}; ${consequence}`);
}

function summaryLines(summary: Summary, inColor: boolean): string[] {
  const { channels, disabled, nats, forwarder } = summary;
  const servers = nats.servers.join(", ");
  const stream = `stream ${nats.stream} (${nats.stream_subjects.join(", ")})`;
  const remote = forwarder === null
    ? "off"
    : `${forwarder.servers.join(", ")}, subject ${forwarder.subject}`;
  return [
    pair("instance", `${summary.instance} (${summary.app})`),
    pair("config", summary.file),
    "",
    ...channels.flatMap((channel) => [
      bold(`${channel.side} ${channel.fips}`, inColor) +
      (channel.description === null ? "" : `  ${channel.description}`),
      pair("  source", channel.source),
      ...channel.line === null ? [] : [pair("  line", channel.line)],
      pair("  subject", channel.subject),
      pair("  log", channel.log),
      ...channel.raw === null
        ? []
        : [pair("  raw", `${channel.raw.file}, at most ${channel.raw.max_mb} MB`)],
      "",
    ]),
    ...disabled.map(({ port, source }) => pair("disabled", `${port}, ${source}`)),
    pair("journals", summary.journals),
    pair("state", summary.state),
    pair("NATS", `${servers}, ${stream}`),
    pair("forwarder", remote),
    "",
    `${counted(channels.length, "channel")}, no problems`,
  ];
}

function pair(name: string, value: string): string {
  return `${name.padEnd(11)} ${value}`;
}
