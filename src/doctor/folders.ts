// The folders for records and state: whether the service may write them, on a disk that takes and
// keeps what is written, with room.

import { basename, dirname } from "node:path";
import type { Config } from "../config/config.ts";
import { serviceFolders } from "../install/site_drop_in.ts";
import { serviceUser } from "../install/system_files.ts";
import type { Account } from "../install/target.ts";
import { spaceLimits } from "../journal/space/space_limits.ts";
import { errorText } from "../platform/notice.ts";
import { type Finding, unseen, well } from "./finding.ts";
import type { Machine } from "./machine.ts";
import type { Surroundings } from "./surroundings.ts";
import { mayEnter, mayRead, mayWrite, permits } from "./service_unit.ts";

/** Below these the unit lets the service see nothing, or something else than others see. */
const hiddenFolders = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/** So many files of other users are named. */
const mostNamed = 3;

const bytesPerMb = 1024 * 1024;
/** State is small; with less room cursors cannot be saved. */
const leastStateBytes = 10 * bytesPerMb;

export async function examineFolders(
  config: Config,
  around: Surroundings,
): Promise<Finding[]> {
  const found = await Promise.all(
    serviceFolders(config).map((folder) => examineFolder(folder, config, around)),
  );
  return found.flat();
}

async function examineFolder(
  folder: string,
  config: Config,
  around: Surroundings,
): Promise<Finding[]> {
  const { machine, account, hasUnit } = around;
  const hidden = hasUnit ? hiddenFolders.find((each) => isBelow(folder, each)) : undefined;
  const there = nearest(machine, folder);
  const found = [
    ...hidden === undefined ? [] : [outOfSight(folder, hidden)],
    ...account === null ? [] : rightsFindings(folder, there, { machine, account }),
    ...mountFindings(folder, machine),
  ];
  const room = await roomFindings(folder, there, { config, machine });
  return found.length === 0 ? room : [...found, ...room.filter(({ level }) => level !== "ok")];
}

/** The folder, or the one above it that is there. */
function nearest(machine: Machine, folder: string): string {
  return folder === "/" || machine.ownership(folder) !== null
    ? folder
    : nearest(machine, dirname(folder));
}

function rightsFindings(
  folder: string,
  there: string,
  { machine, account }: { readonly machine: Machine; readonly account: Account },
): Finding[] {
  const all = mayRead | mayWrite | mayEnter;
  const closed = above(there).find((each) => !may(machine, each, account, mayEnter));
  const isOpen = closed === undefined && may(machine, there, account, all);
  if (!isOpen) {
    const place = closed ?? there;
    return [{
      level: "error",
      subject: folder,
      message: `the user ${account.name} may not write it`,
      cause: `${place} ${ownerText(machine, place)}`,
      hint: closed === undefined ? hintToGive(folder, account) : `sudo chmod o+x ${closed}`,
    }];
  }
  const foreign = machine.list(folder).filter((name) =>
    !may(machine, `${folder}/${name}`, account, mayRead | mayWrite)
  );
  if (foreign.length === 0) return [];
  const named = foreign.slice(0, mostNamed).join(", ");
  return [{
    level: "error",
    subject: folder,
    message:
      `the user ${account.name} may not write ${foreign.length} of the files in it: ${named}`,
    cause: "it was run by hand as another user, as with sudo",
    hint: hintToGive(folder, account),
  }];
}

function may(machine: Machine, path: string, account: Account, wanted: number): boolean {
  const ownership = machine.ownership(path);
  return ownership === null || permits(ownership, account, wanted);
}

function ownerText(machine: Machine, path: string): string {
  const ownership = machine.ownership(path);
  if (ownership === null) return "cannot be looked at";
  const { uid, gid, mode } = ownership;
  const owner = `${machine.target.userName(uid)}:${machine.target.groupName(gid)}`;
  return `belongs to ${owner}, with mode ${(mode & 0o777).toString(8)}`;
}

function hintToGive(folder: string, { name }: Account): string {
  return name === serviceUser
    ? "sudo nectarcollector install"
    : `sudo mkdir -p ${folder} && sudo chown -R ${name}: ${folder}`;
}

function outOfSight(folder: string, hidden: string): Finding {
  return {
    level: "error",
    subject: folder,
    message: `the service sees another ${hidden} than you do`,
    cause: `the unit keeps it away from ${hidden}, where other programs leave their files`,
    hint: "name a folder elsewhere, such as /var/log/nectarcollector, then: " +
      "sudo nectarcollector install",
  };
}

function mountFindings(folder: string, machine: Machine): Finding[] {
  const mount = mountOf(machine, folder);
  if (mount === null) return [];
  if (mount.options.includes("ro")) {
    return [{
      level: "error",
      subject: folder,
      message: `its file system, ${mount.place}, is mounted read-only`,
      cause: "the kernel does that to a disk that fails: dmesg tells",
      hint: `sudo mount -o remount,rw ${mount.place}`,
    }];
  }
  if (mount.kind !== "tmpfs" && mount.kind !== "ramfs") return [];
  return [{
    level: "error",
    subject: folder,
    message: `it is in memory: ${mount.place} is a ${mount.kind}`,
    cause: "a restart of the machine takes everything in it",
    hint: 'name a folder on a disk, as "logging.base_path" or "journal.state_path"',
  }];
}

interface Mount {
  readonly place: string;
  readonly kind: string;
  readonly options: readonly string[];
}

/** The file system that holds a folder: of those mounted in one place the last. */
function mountOf(machine: Machine, folder: string): Mount | null {
  const mounts = (machine.text("/proc/self/mounts") ?? "").split("\n").flatMap((line): Mount[] => {
    const [, place = "", kind = "", options = ""] = line.split(" ");
    return isBelow(folder, place) ? [{ place, kind, options: options.split(",") }] : [];
  });
  return mounts.reduce<Mount | null>(
    (best, mount) => mount.place.length >= (best?.place.length ?? 0) ? mount : best,
    null,
  );
}

async function roomFindings(
  folder: string,
  there: string,
  { config, machine }: { readonly config: Config; readonly machine: Machine },
): Promise<Finding[]> {
  const { logging, journal } = config;
  let space;
  try {
    space = await machine.disk.space(machine.path(there));
  } catch (error) {
    return [unseen(folder, `its room: ${errorText(error)}`, machine)];
  }
  const { totalBytes, freeBytes } = space;
  const isRecords = folder === logging.base_path;
  const floor = isRecords
    ? Math.max(spaceLimits(journal, totalBytes).floorBytes, bytesPerMb)
    : leastStateBytes;
  const free = `${mbText(freeBytes)} free`;
  if (totalBytes === 0 || freeBytes >= 2 * floor) return [well(folder, free)];
  const isLow = freeBytes < floor;
  return [{
    level: isLow ? "error" : "warning",
    subject: folder,
    message: isRecords ? `${free}, where ${mbText(floor)} are to be left` : free,
    cause: isLow
      ? isRecords
        ? "the oldest delivered records are deleted, and new ones wait in memory"
        : "how far records are delivered cannot be saved"
      : "it is nearly full",
    hint: `see what takes it: sudo du -xhd2 ${topOf(machine, folder)} | sort -h | tail`,
  }];
}

function topOf(machine: Machine, folder: string): string {
  return mountOf(machine, folder)?.place ?? "/";
}

function mbText(bytes: number): string {
  return `${Math.floor(bytes / bytesPerMb)} MB`;
}

/** The folders that a path stands in, the outermost first. */
function above(path: string): string[] {
  const folder = dirname(path);
  return basename(path) === "" ? [] : [...above(folder), folder];
}

function isBelow(path: string, folder: string): boolean {
  return folder === "/" ? path.startsWith("/") : path === folder || path.startsWith(`${folder}/`);
}
