// `nectarcollector replay`: records of the journal published once more, as copies, to a subject that
// somebody has chosen for them. Reads the journal only, so it is safe beside a running service.

import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Destination } from "../delivery/destinations.ts";
import { Replay, type ReplayProgress } from "../delivery/replay.ts";
import { connectForReplay } from "../delivery/replay_connection.ts";
import { ReplayPublisher, type SettledCopy } from "../delivery/replay_publisher.ts";
import type { KeptJournal } from "../journal/kept_journal.ts";
import { KeptRecords } from "../journal/kept_records.ts";
import { type KeptSelection, type SelectedBounds, selectKept } from "../journal/kept_selection.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { printProblems } from "./check.ts";
import { configOption, configPath } from "./config_option.ts";
import { asCannotLook, CannotLook, keptChannels } from "./kept_channels.ts";
import { LiveLines } from "./live_lines.ts";
import { wholeNumber } from "./option_values.ts";
import { pointInTime, timeForms } from "./point_in_time.ts";
import { ProgressBar } from "./progress_bar.ts";
import { timeText } from "./quantity.ts";
import { chooseReplay, type ReplayOptions } from "./replay_choice.ts";
import {
  type ReplayFacts,
  replayLines,
  type ReplayReport,
  reportReplay,
  selectionText,
} from "./replay_report.ts";
import { sinkTrouble, tellTrouble } from "./sink_trouble.ts";
import { StopSignal } from "./stop_signal.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

const examples = `Examples:
  nectarcollector replay --channel A1 --since 2h --to replay.a1
  nectarcollector replay --channel A1 --since 2025-12-03 --until 2025-12-04 --to replay.a1
  nectarcollector replay --channel A1 --since "2025-12-03 15:04" --dry-run
  nectarcollector replay --channel A1 --from-sequence 1200 --to-sequence 1300 --to replay.a1
`;

const explanation = `
Every record that the journal holds between --since (included) and --until (not included) is
published again, packed files and records that wait in memory included. Without --since it begins
with the oldest, without --until it ends with the newest there is.

${timeForms}

A copy has the record's bytes and headers, but for two: Nectar-Replay-Of is the id of the record, and
Nats-Msg-Id is its own. The same copy published again within the stream's duplicate window is stored
once, so a replay that was broken off can be repeated.

A stream must take the subject, and acknowledges each copy. With --core they go out over plain core
NATS, to whoever is subscribed at that moment, and nobody knows who has got them.

It may run beside the service: nothing is locked, and nothing of the journal is changed.

Exit codes: 0 all was replayed, 1 some records could not be, 2 it could not be done, or was broken
            off`;

const noStreamHint =
  "make a stream that takes the subject (nats stream add), or name another one " +
  "with --to; --core publishes without a stream, to whoever is subscribed now";

/** Builds the command. */
export function replayCommand(terminal: Terminal): Command {
  const time = (text: string): number => pointInTime(text, systemClock.wallMs());
  const number = wholeNumber(Number.MAX_SAFE_INTEGER);
  const command = new Command("replay")
    .description("publish records of the journal again, to another subject")
    .addHelpText("before", examples)
    .option("--channel <side>", "whose records, such as A1")
    .option("--to <subject>", "where to publish them")
    .option("--since <time>", "records from this time on", time)
    .option("--until <time>", "records before this time", time)
    .option("--from-sequence <n>", "records from this number on", number)
    .option("--to-sequence <n>", "records up to this number", number)
    .option("--sink <name>", "through whose server: nats or forwarder", "nats")
    .option("--core", "over plain core NATS, without a stream and unacknowledged")
    .option("--force", "even to the subject that the records themselves go to")
    .option("--dry-run", "only say what would be published; NATS is not asked")
    .addOption(configOption())
    .option("--json", "print JSON, for programs")
    .addHelpText("after", explanation);
  return command.action(async (options: ReplayOptions) => {
    const file = configPath(command);
    const loaded = await loadConfig(file);
    if (!loaded.ok) {
      printProblems(loaded.problems, file, terminal);
      return terminal.exit(exitCodes.badConfig);
    }
    try {
      terminal.exit(await replay(loaded.config, options, terminal));
    } catch (error) {
      if (!(error instanceof CannotLook)) throw error;
      tellTrouble(error, terminal);
      terminal.exit(exitCodes.badConfig);
    }
  });
}

/** @throws {CannotLook} */
async function replay(config: Config, options: ReplayOptions, terminal: Terminal): Promise<number> {
  using told = new StopSignal();
  const { dryRun: isDryRun = false, json = false } = options;
  const { destination, subject, only, bounds } = chooseReplay(config, options);
  const [kept] = keptChannels(config, { disk: systemDisk, only });
  if (kept === undefined) throw new CannotLook("nothing is captured", "enable a port");
  using journal = kept.journal;
  const selection = await select(journal, bounds, told.signal);
  const selected = `${journal.name}: ${selectionText(selection)}`;
  if (isDryRun && !json) terminal.out(selected);
  else terminal.err(selected);
  for (const line of heldNotes(journal, selection, bounds)) terminal.err(line);
  const facts = { channel: journal.name, sink: destination.name, subject, selection, isDryRun };
  const job = { facts, journal, destination, core: options.core ?? false };
  const report = subject === null || isDryRun || selection.records === 0
    ? reportReplay({ ...facts, stream: null, replay: null, trouble: null, signal: told.signal })
    : await publish({ ...job, subject }, told.signal, terminal);
  const { complete, next_sequence: next, ok, trouble } = report;
  if (trouble !== null) tellTrouble(trouble, terminal);
  const rest = next === null ? "" : `; --from-sequence ${next} goes on where it ended`;
  if (!complete) terminal.err(`${trouble === null ? "broken off" : "not all was replayed"}${rest}`);
  if (json) terminal.out(JSON.stringify(report, null, 2));
  else if (!isDryRun) {
    for (const line of replayLines(report, terminal.outInColor)) terminal.out(line);
  }
  if (!complete) return exitCodes.badConfig;
  return ok ? exitCodes.ok : exitCodes.failed;
}

interface Job {
  readonly facts: Pick<ReplayFacts, "channel" | "sink" | "subject" | "selection" | "isDryRun">;
  readonly journal: KeptJournal;
  readonly destination: Destination;
  readonly subject: string;
  readonly core: boolean;
}

async function publish(
  { facts, journal, destination, subject, core }: Job,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<ReplayReport> {
  const lines = new LiveLines({
    print: (line) => terminal.err(line),
    live: terminal.errInColor,
    clock: systemClock,
  });
  const bar = new ProgressBar({ lines, clock: systemClock });
  await using records = new KeptRecords(journal, systemClock);
  const { selection } = facts;
  const progress = (done: ReplayProgress): void => bar.show(subject, done);
  const replay = new Replay({ channel: journal.name, records, selection, subject, progress });
  let stream: string | null = null;
  let trouble: CannotLook | null = null;
  try {
    const { connection, stream: found } = await connectForReplay(
      destination,
      { subject, core, clock: systemClock },
      signal,
    );
    await using _connection = { [Symbol.asyncDispose]: () => connection.close() };
    stream = found;
    const by = stream === null ? "core NATS" : `stream ${stream}`;
    terminal.err(`publishing to ${subject}, ${by} at ${connection.address}; Ctrl-C ends it`);
    const settled = (copy: SettledCopy): void => replay.settle(copy);
    using publisher = new ReplayPublisher({ connection, clock: systemClock, settled, signal });
    await replay.run(publisher, signal);
  } catch (error) {
    if (!signal.aborted) trouble = sinkTrouble(error, destination, noStreamHint);
  }
  bar.close();
  return reportReplay({ ...facts, stream, replay, trouble, signal });
}

/** @throws {CannotLook} */
async function select(
  journal: KeptJournal,
  bounds: SelectedBounds,
  signal: AbortSignal,
): Promise<KeptSelection> {
  try {
    return await selectKept(journal, bounds, signal);
  } catch (error) {
    throw asCannotLook(`the journal of ${journal.name}`, error);
  }
}

/** What the journal holds, where that may be less than what was asked for. */
function heldNotes(
  journal: KeptJournal,
  { records }: KeptSelection,
  { sinceMs, from }: SelectedBounds,
): string[] {
  const { oldestSequence: oldest, lastSequence: last } = journal;
  if (last === 0) return ["the journal holds no record"];
  const [firstMs, lastMs] = [journal.entry(oldest)?.timeMs, journal.entry(last)?.timeMs];
  const time = (ms: number | undefined): string => ms === undefined ? "?" : `${timeText(ms)} UTC`;
  if (records === 0) {
    return [`the journal holds ${oldest}–${last}, of ${time(firstMs)} to ${time(lastMs)}`];
  }
  const isCut = oldest > 1 && from < oldest && sinceMs < (firstMs ?? Infinity);
  return isCut
    ? [`older ones are deleted: the journal begins with ${oldest}, of ${time(firstMs)}`]
    : [];
}
