// What an uninstallation must not pass over in silence: records that a sink still needs, and records
// that are on no disk yet.

import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { configPath } from "../install/installation.ts";
import { isThere, type Target } from "../install/target.ts";
import { systemDisk } from "../platform/disk.ts";
import { lookAtAll } from "./backlog_looks.ts";
import { counted } from "./counted.ts";
import { CannotLook, keptChannels, serviceTailFolder } from "./kept_channels.ts";

export interface WaitingRecords {
  /** How many each sink still needs; those that need none are left out. */
  readonly undelivered: readonly { readonly sink: string; readonly records: number }[];
  /** How many are in memory only: they are lost when the machine is started anew. */
  readonly inMemory: number;
  /** Why it cannot be told; `null` where it can. */
  readonly unknown: string | null;
}

/** Where records are that no configuration tells of. */
const usualFolder = "/var/log/nectarcollector";
const none: WaitingRecords = { undelivered: [], inMemory: 0, unknown: null };

/** Looks at what is on the machine, whether the service runs or not. */
export async function waitingRecords(target: Target): Promise<WaitingRecords> {
  const file = target.path(target.followed(configPath));
  if (!isThere(file)) return none;
  const loaded = await loadConfig(file);
  const config = loaded.ok ? loaded.config : loaded.captureOnly?.config;
  const folder = config?.logging.base_path ?? usualFolder;
  if (!isThere(target.path(folder))) return none;
  if (config === undefined) return { ...none, unknown: `${configPath} has problems` };
  try {
    return countIn(below(target, config), target.path(serviceTailFolder));
  } catch (error) {
    if (!(error instanceof CannotLook)) throw error;
    return { ...none, unknown: error.message };
  }
}

/** For people, a warning and what to do about it; empty where nothing waits. */
export function waitingLines(
  { undelivered, inMemory, unknown }: WaitingRecords,
  { areKept }: { readonly areKept: boolean },
): string[] {
  const lines: string[] = [];
  if (unknown !== null) lines.push(`warning: whether records wait cannot be told: ${unknown}`);
  for (const { sink, records } of undelivered) {
    lines.push(`warning: not delivered to ${sink} yet: ${counted(records, "record")}`);
  }
  if (areKept && undelivered.length > 0) {
    lines.push("→ they stay, and are delivered once it is installed here again");
  }
  if (inMemory > 0) {
    lines.push(`warning: in memory only, and on no disk: ${counted(inMemory, "record")}`);
    if (areKept) {
      lines.push("→ make room on the disk, and install it again before this machine is restarted");
    }
  }
  return lines;
}

/** @throws {CannotLook} */
function countIn(config: Config, tailFolder: string): WaitingRecords {
  using channels = new DisposableStack();
  const kept = keptChannels(config, { disk: systemDisk, tailFolder });
  for (const { journal } of kept) channels.use(journal);
  const looks = lookAtAll(config, kept);
  const bySink = Map.groupBy(looks, ({ sink }) => sink);
  const undelivered = [...bySink].map(([sink, of]) => ({
    sink,
    records: of.reduce((sum, { records }) => sum + records, 0),
  }));
  const inMemory = kept.flatMap(({ journal }) => journal.segments)
    .filter(({ base }) => base.startsWith(`${tailFolder}/`))
    .reduce((sum, { count }) => sum + count, 0);
  return { undelivered: undelivered.filter(({ records }) => records > 0), inMemory, unknown: null };
}

/** The same configuration, for whoever sees the machine's files below another folder. */
function below(target: Target, config: Config): Config {
  const { logging, journal } = config;
  return {
    ...config,
    logging: { ...logging, base_path: target.path(logging.base_path) },
    journal: { ...journal, state_path: target.path(journal.state_path) },
  };
}
