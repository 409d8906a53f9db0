// The service's unit with its drop-ins, as systemd reads them, and who the service runs as.

import { serviceUser, systemFiles, unitName } from "../install/system_files.ts";
import type { Account } from "../install/target.ts";
import type { Ownership } from "../platform/libc.ts";
import type { Machine } from "./machine.ts";

export interface ServiceUnit {
  readonly path: string;
  /** Whether a package brought it. */
  readonly isPackaged: boolean;
  readonly user: string;
  /** Groups beyond the user's own. */
  readonly groups: readonly string[];
  /** `null` where it names none. */
  readonly configFile: string | null;
}

/** `null` where none is installed. */
export function readUnit(machine: Machine): ServiceUnit | null {
  const file = systemFiles().find(({ name }) => name === unitName);
  if (file === undefined) return null;
  const path = [file.path, file.packagedPath].find((each) => machine.text(each) !== null);
  if (path === undefined) return null;
  const lines = [path, ...dropIns(machine)].flatMap((each) => settings(machine.text(each) ?? ""));
  const last = (key: string): string | undefined => lines.findLast(([name]) => name === key)?.[1];
  const [, configFile] = /--config[ =](\S+)/.exec(last("ExecStart") ?? "") ?? [];
  return {
    path,
    isPackaged: path === file.packagedPath,
    user: last("User") ?? serviceUser,
    groups: listed(lines, "SupplementaryGroups"),
    configFile: configFile ?? null,
  };
}

/** Whoever asks, who would run it by hand. */
export function ownAccount(machine: Machine): Account {
  const status = machine.libc.readText("/proc/self/status");
  const [, uid = "0"] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  const [, gid = "0"] = /^Gid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  const [, groups = ""] = /^Groups:[ \t]*(.*)$/m.exec(status) ?? [];
  const gids = [gid, ...groups.split(" ").filter((each) => each !== "")].map(Number);
  return { name: machine.target.userName(Number(uid)), uid: Number(uid), gids };
}

/** What may be done with a file, as bits of its mode. */
export const mayRead = 4;
export const mayWrite = 2;
export const mayEnter = 1;

/** Whether its owner and mode let somebody do all of `wanted`. */
export function permits(file: Ownership, account: Account, wanted: number): boolean {
  if (account.uid === 0) return true;
  const shift = file.uid === account.uid ? 6 : account.gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & wanted) === wanted;
}

function dropIns(machine: Machine): string[] {
  const folders = ["/usr/lib/systemd/system", "/etc/systemd/system"].map((folder) =>
    `${folder}/${unitName}.d`
  );
  return folders.flatMap((folder) =>
    machine.list(folder).filter((name) => name.endsWith(".conf")).map((name) => `${folder}/${name}`)
  );
}

function settings(text: string): [string, string][] {
  return [...text.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]);
}

/** Of a setting that may be given often; an empty one forgets those before. */
function listed(lines: readonly [string, string][], key: string): string[] {
  const values = lines.filter(([name]) => name === key).map(([, value]) => value);
  return values.slice(values.lastIndexOf("") + 1).flatMap((value) => value.split(/\s+/));
}
