// What `nectarcollector replay` was asked for, checked against the configuration: whose records, which
// of them, through which sink, to which subject.

import { type Config, enabledPorts } from "../config/config.ts";
import { subject as subjectShape } from "../config/field.ts";
import { type Destination, destinations } from "../delivery/destinations.ts";
import type { SelectedBounds } from "../journal/kept_selection.ts";
import { CannotLook } from "./kept_channels.ts";
import { timeText } from "./quantity.ts";

/** As the command line gives them; times in milliseconds since 1970. */
export interface ReplayOptions {
  readonly channel?: string;
  readonly to?: string;
  readonly since?: number;
  readonly until?: number;
  readonly fromSequence?: number;
  readonly toSequence?: number;
  readonly sink: string;
  readonly core?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface ReplayChoice {
  /** A side designation or a channel's name. */
  readonly only: string;
  readonly bounds: SelectedBounds;
  readonly destination: Destination;
  /** `null` in a dry run that names none. */
  readonly subject: string | null;
}

/** @throws {CannotLook} */
export function chooseReplay(config: Config, options: ReplayOptions): ReplayChoice {
  const { channel: only, sink, dryRun = false } = options;
  if (only === undefined) throw new CannotLook("no channel is named", "add --channel A1");
  const all = destinations(config);
  const destination = all.find(({ name }) => name === sink);
  if (destination === undefined) {
    const names = all.map(({ name }) => name).join(", ");
    throw new CannotLook(`--sink ${sink}: no such sink is enabled`, `enabled sinks: ${names}`);
  }
  if (options.to === undefined && !dryRun) {
    const hint = "add --to SUBJECT, or --dry-run to see what would be published";
    throw new CannotLook("no subject is named", hint);
  }
  const subject = options.to === undefined ? null : checkedSubject(config, destination, options);
  return { only, bounds: chosenBounds(options), destination, subject };
}

function checkedSubject(
  config: Config,
  { name, subject }: Destination,
  { to = "", force = false }: ReplayOptions,
): string {
  if (!subjectShape("").safeParse(to).success) {
    const hint = "words with single dots between them, no spaces, * or >, such as replay.a1";
    throw new CannotLook(`--to ${to}: no subject to publish to`, hint);
  }
  if (/^[$_]/.test(to)) {
    throw new CannotLook(`--to ${to}: it is the server's own`, "such as replay.a1");
  }
  const isRecords = enabledPorts(config).some((port) => subject(port) === to);
  if (isRecords && !force) {
    const hint = "name another one, such as replay.a1; with --force whoever reads the records " +
      "there gets the copies, too";
    throw new CannotLook(`--to ${to}: the records of sink ${name} go there themselves`, hint);
  }
  return to;
}

function chosenBounds(options: ReplayOptions): SelectedBounds {
  const { since = -Infinity, until = Infinity, fromSequence = 1, toSequence = Infinity } = options;
  if (since >= until) {
    const hint = `--since is ${timeText(since)} UTC, --until ${timeText(until)} UTC`;
    throw new CannotLook("--until must be later than --since", hint);
  }
  if (fromSequence > toSequence) {
    const hint = `--from-sequence is ${fromSequence}, --to-sequence ${toSequence}`;
    throw new CannotLook("--to-sequence must not be less than --from-sequence", hint);
  }
  return { sinceMs: since, untilMs: until, from: fromSequence, to: toSequence };
}
