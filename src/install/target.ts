// The machine that is installed on: the running system, or another one's files below a folder, in
// which nothing can be started and, without root, nothing given to anybody.

import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";

export interface Owner {
  readonly user: string;
  readonly group: string;
}

export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/** As the kernel has it. */
const mostLinks = 40;

/** A user, with all groups that it is in. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gids: readonly number[];
}

export class Target {
  /** Without a slash at its end; empty for the running system. */
  readonly root: string;

  /** Whether its service can be started. */
  readonly isLive: boolean;

  constructor(root = "", isLive = root === "") {
    this.root = root.replace(/\/+$/, "");
    this.isLive = isLive;
  }

  /** Whether files can be given to their owners there. */
  get givesOwners(): boolean {
    return Deno.uid() === 0;
  }

  /** Where an absolute path of the machine is. */
  path(absolute: string): string {
    return `${this.root}${absolute}`;
  }

  /** Where a path leads when it is a link, which a site may have made: below the same root. */
  followed(absolute: string): string {
    let path = absolute;
    for (let links = 0; links < mostLinks; links++) {
      const stat = lstatSync(this.path(path), { throwIfNoEntry: false });
      if (stat?.isSymbolicLink() !== true) return path;
      path = resolve(dirname(path), readlinkSync(this.path(path)));
    }
    return path;
  }

  /** Numbers of an owner; `null` where the machine does not know one of the names yet. */
  idsOf({ user, group }: Owner): OwnerIds | null {
    const uid = user === "root" ? "0" : this.#entry("/etc/passwd", user)?.[2];
    const gid = group === "root" ? "0" : this.#entry("/etc/group", group)?.[2];
    return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
  }

  hasUser(name: string): boolean {
    return this.#entry("/etc/passwd", name) !== undefined;
  }

  hasGroup(name: string): boolean {
    return this.#entry("/etc/group", name) !== undefined;
  }

  /** Whether the group names the user as a member. */
  isMember(user: string, group: string): boolean {
    const [, , , members = ""] = this.#entry("/etc/group", group) ?? [];
    return members.split(",").includes(user);
  }

  /** `null` where the machine does not know the user. Groups that it does not know are left out. */
  accountOf(name: string, moreGroups: readonly string[] = []): Account | null {
    const user = this.#entry("/etc/passwd", name);
    if (user === undefined) return null;
    const [, , uid, ownGroup] = user;
    const groups = this.#lines("/etc/group")
      .filter(([group = "", , , members = ""]) =>
        moreGroups.includes(group) || members.split(",").includes(name)
      )
      .map(([, , gid]) => Number(gid));
    return { name, uid: Number(uid), gids: [...new Set([Number(ownGroup), ...groups])] };
  }

  /** The name of a user; its number where it has none. */
  userName(uid: number): string {
    return this.#lines("/etc/passwd").find(([, , id]) => id === String(uid))?.[0] ?? String(uid);
  }

  /** The name of a group; its number where it has none. */
  groupName(gid: number): string {
    return this.#lines("/etc/group").find(([, , id]) => id === String(gid))?.[0] ?? String(gid);
  }

  #entry(file: string, name: string): string[] | undefined {
    return this.#lines(file).find(([first]) => first === name);
  }

  #lines(file: string): string[][] {
    const path = this.path(file);
    if (!isThere(path)) return [];
    return readFileSync(path, "utf8").split("\n").map((line) => line.split(":"));
  }
}

/** Also a link that leads nowhere is there. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
