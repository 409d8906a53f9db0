// A folder of the service: there, and with all that is in it the service's own. What another user
// left in it, such as an earlier program, is given to the service, and back when that is taken back.

import { chmodSync, chownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MadeFolders } from "../platform/made_folders.ts";
import type { Step } from "./step.ts";
import { isThere, type Owner, type OwnerIds, type Target } from "./target.ts";

export interface OwnedFolderOptions {
  readonly target: Target;
  /** On the machine. */
  readonly path: string;
  readonly owner: Owner;
  readonly mode: number;
  /** Whether what is in it belongs to the same owner. */
  readonly isDeep: boolean;
}

interface Strange extends OwnerIds {
  readonly path: string;
}

export class OwnedFolder implements Step {
  readonly goal: string;
  readonly #options: OwnedFolderOptions;
  readonly #path: string;
  #made: MadeFolders | undefined;
  #formerMode: number | undefined;
  #given: readonly Strange[] = [];

  constructor(options: OwnedFolderOptions) {
    this.#options = options;
    this.#path = options.target.path(options.target.followed(options.path));
    this.goal = `${options.path}/`;
  }

  look(): readonly string[] {
    const { path, owner, mode } = this.#options;
    if (!isThere(this.#path)) return [`make ${path}`];
    const strange = this.#strange().length;
    const hasMode = (lstatSync(this.#path).mode & 0o7777) === mode;
    return [
      ...hasMode ? [] : [`set the mode of ${path} to ${mode.toString(8)}`],
      ...strange === 0 ? [] : [`give ${path} to ${owner.user}:${owner.group}: ${strange} in all`],
    ];
  }

  apply(): void {
    const { mode } = this.#options;
    if (isThere(this.#path)) this.#formerMode = lstatSync(this.#path).mode & 0o7777;
    else this.#made = new MadeFolders(this.#path);
    chmodSync(this.#path, mode);
    const ids = this.#ids();
    if (ids === null) return;
    this.#given = this.#strange();
    for (const { path } of this.#given) chownSync(path, ids.uid, ids.gid);
  }

  undo(): void {
    for (const { path, uid, gid } of this.#given) if (isThere(path)) chownSync(path, uid, gid);
    if (this.#formerMode !== undefined) chmodSync(this.#path, this.#formerMode);
    this.#made?.remove();
  }

  /** What has another owner. */
  #strange(): Strange[] {
    const ids = this.#ids();
    if (ids === null) return [];
    const inside = this.#options.isDeep
      ? readdirSync(this.#path, { recursive: true, encoding: "utf8" })
      : [];
    return ["", ...inside].flatMap((name): Strange[] => {
      const path = join(this.#path, name);
      const { uid, gid, isLink } = ownerOf(path);
      // What a link leads to is none of ours.
      return isLink || (uid === ids.uid && gid === ids.gid) ? [] : [{ path, uid, gid }];
    });
  }

  #ids(): OwnerIds | null {
    const { target, owner } = this.#options;
    return target.givesOwners ? target.idsOf(owner) : null;
  }
}

function ownerOf(path: string): OwnerIds & { readonly isLink: boolean } {
  const stat = lstatSync(path);
  return { uid: stat.uid, gid: stat.gid, isLink: stat.isSymbolicLink() };
}
