// The captured channels of a configuration with their journals, for commands that look in from
// outside, whether the service runs or not.

import { type Config, type EnabledPort, enabledPorts } from "../config/config.ts";
import { KeptJournal } from "../journal/kept_journal.ts";
import type { Disk } from "../platform/disk.ts";
import { errorText } from "../platform/notice.ts";
import { channelName, RecordHeader } from "../record.ts";
import { placesInMemory } from "./run.ts";

/** What cannot be done, and what to do about it. */
export class CannotLook extends Error {
  override readonly name = "CannotLook";

  constructor(message: string, readonly hint: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** A channel as it stands on the disk. */
export interface KeptChannel {
  readonly port: EnabledPort;
  readonly journal: KeptJournal;
  readonly recordHeader: RecordHeader;
}

/** The usual folder of the service in memory, which only the service itself is told. */
export const serviceTailFolder = "/run/nectarcollector/tail";

export interface KeptChannelsOptions {
  readonly disk: Disk;
  /** A side designation or a channel's name. @default {all} */
  readonly only?: string | undefined;
  /** Where the service keeps records in memory. */
  readonly tailFolder?: string;
}

/** @throws {CannotLook} */
export function keptChannels(
  config: Config,
  { disk, only, tailFolder = serviceTailFolder }: KeptChannelsOptions,
): KeptChannel[] {
  const { logging, journal: { state_path: statePath } } = config;
  const ports = chosenPorts(config, only);
  const tailFolders = new Set([placesInMemory(statePath).tailFolder, tailFolder]);
  return ports.map((port) => {
    const id = { fips: port.fips_code, side: port.side_designation };
    const name = channelName(id);
    const options = {
      disk,
      folder: logging.base_path,
      tailFolders: [...tailFolders],
      statePath: `${statePath}/${name}.journal.json`,
      name,
    };
    const journal = orCannotLook(logging.base_path, () => new KeptJournal(options));
    return { port, journal, recordHeader: new RecordHeader(id) };
  });
}

/** What `look` returns; what the disk throws becomes an advice. @throws {CannotLook} */
export function orCannotLook<Value>(path: string, look: () => Value): Value {
  try {
    return look();
  } catch (error) {
    throw asCannotLook(path, error);
  }
}

/** What the disk threw, with what to do about it. */
export function asCannotLook(path: string, error: unknown): CannotLook {
  const message = `read ${path}: ${errorText(error)}`;
  if (error instanceof Deno.errors.PermissionDenied) {
    const hint = "run it as root or as the user of the service: sudo nectarcollector …";
    return new CannotLook(message, hint, error);
  }
  if (error instanceof Deno.errors.NotFound) {
    const hint = "nothing was ever captured there; is this the configuration that the service " +
      "runs with? Name it with --config";
    return new CannotLook(message, hint, error);
  }
  return new CannotLook(message, "look at the disk: dmesg, df", error);
}

function chosenPorts(config: Config, only: string | undefined): EnabledPort[] {
  const captured = enabledPorts(config);
  if (only === undefined) return captured;
  const wanted = only.toUpperCase();
  const chosen = captured.filter(({ side_designation: side, fips_code: fips }) =>
    wanted === side.toUpperCase() || wanted === channelName({ fips, side })
  );
  if (chosen.length > 0) return chosen;
  const sides = captured.map(({ side_designation }) => side_designation).join(", ");
  throw new CannotLook(`--channel ${only}: no such channel`, `captured channels are ${sides}`);
}
