// A small file that is to be there exactly so, or not at all. It is replaced in one go, and comes
// back with its owner and mode when the step is taken back. What a site has made of it is not lost.

import { Buffer } from "node:buffer";
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { MadeFolders } from "../platform/made_folders.ts";
import { replaceFile, temporaryName } from "./replaced_file.ts";
import type { Step } from "./step.ts";
import { isThere, type Owner, type OwnerIds, type Target } from "./target.ts";

export interface InstalledFileOptions {
  readonly target: Target;
  /** On the machine; its folder is made where it is missing. */
  readonly path: string;
  /** `null` for a file that is not to be there. */
  readonly text: string | Uint8Array | null;
  /** @default {0o644} */
  readonly mode?: number;
  /** @default {root} */
  readonly owner?: Owner;
  /** Tells what an earlier version wrote; a file that is not so stays beside it. @default {all are} */
  readonly isOurs?: (text: string) => boolean;
}

interface Former extends OwnerIds {
  readonly bytes: Buffer;
  readonly mode: number;
  readonly isLink: boolean;
}

const root: Owner = { user: "root", group: "root" };

export class InstalledFile implements Step {
  readonly goal: string;
  readonly #options: InstalledFileOptions;
  readonly #path: string;
  #former: Former | null = null;
  /** Where the former one stays. */
  #kept: string | null = null;
  #made: MadeFolders | undefined;
  #applied = false;

  constructor(options: InstalledFileOptions) {
    this.#options = options;
    this.#path = options.target.path(options.path);
    this.goal = options.text === null ? `no ${options.path}` : options.path;
  }

  /** Whether this run has changed it. */
  get applied(): boolean {
    return this.#applied;
  }

  look(): readonly string[] {
    const { text, path, mode = 0o644 } = this.#options;
    const there = readFormer(this.#path);
    const left = isThere(temporaryName(this.#path))
      ? [`remove ${temporaryName(path)}, which was left there`]
      : [];
    if (there === null) return text === null ? left : [`write ${path}`];
    const stays = this.#isStrange(there)
      ? `, which is another program's or was edited; it stays as ${beforeName(this.#path, path)}`
      : "";
    if (text === null) return [`remove ${path}${stays}`];
    if (there.isLink || !there.bytes.equals(Buffer.from(text))) return [`replace ${path}${stays}`];
    const ids = this.#ids();
    const hasOwner = ids === null || (ids.uid === there.uid && ids.gid === there.gid);
    return hasOwner && there.mode === mode ? left : [`set owner and mode of ${path}`];
  }

  apply(): void {
    const { text, mode = 0o644 } = this.#options;
    this.#former = readFormer(this.#path);
    this.#applied = true;
    rmSync(temporaryName(this.#path), { force: true });
    this.#made = new MadeFolders(dirname(this.#path));
    if (this.#former !== null && this.#isStrange(this.#former)) {
      const kept = beforeName(this.#path, this.#path);
      if (!isThere(kept)) linkSync(this.#path, kept);
      this.#kept = kept;
    }
    if (text === null) return removeFile(this.#path);
    const fill = filled(Buffer.from(text));
    replaceFile(this.#path, { fill, mode, ids: this.#ids() });
  }

  undo(): void {
    this.#applied = false;
    if (this.#kept !== null) {
      renameSync(this.#kept, this.#path);
      // Two names of one file are left as they are.
      return rmSync(this.#kept, { force: true });
    }
    if (this.#former !== null) {
      const { bytes, mode, uid, gid } = this.#former;
      const ids = this.#options.target.givesOwners ? { uid, gid } : null;
      mkdirSync(dirname(this.#path), { recursive: true });
      return replaceFile(this.#path, { fill: filled(bytes), mode, ids });
    }
    rmSync(this.#path, { force: true });
    this.#made?.remove();
  }

  #isStrange({ bytes, isLink }: Former): boolean {
    const { isOurs, text } = this.#options;
    if (isOurs === undefined || (text !== null && bytes.equals(Buffer.from(text)))) return false;
    return isLink || !isOurs(bytes.toString());
  }

  /** `null` where nothing can be given away, or the owner is not known yet. */
  #ids(): OwnerIds | null {
    const { target, owner = root } = this.#options;
    if (!target.givesOwners) return null;
    return target.idsOf(owner);
  }
}

/** Readable by nobody else until it has its owner: `writeFileSync` sets the mode only afterwards. */
function filled(bytes: Buffer): (temporary: string) => void {
  return (temporary) => {
    const fd = openSync(temporary, "wx", 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    } finally {
      closeSync(fd);
    }
  };
}

/** A name for what stays of `path` that no other file has; `shown` is the path as it is told. */
function beforeName(path: string, shown: string): string {
  const endings = [".before", ...Array.from({ length: 99 }, (_, i) => `.before.${i + 2}`)];
  const { ino } = lstatSync(path);
  const isFree = (name: string): boolean => !isThere(name) || lstatSync(name).ino === ino;
  return shown + (endings.find((each) => isFree(path + each)) ?? "");
}

/** A drop-in's folder goes with its last file. */
function removeFile(path: string): void {
  rmSync(path, { force: true });
  const folder = dirname(path);
  if (folder.endsWith(".service.d") && readdirSync(folder).length === 0) rmdirSync(folder);
}

function readFormer(path: string): Former | null {
  if (!isThere(path)) return null;
  const stat = lstatSync(path);
  const isLink = stat.isSymbolicLink();
  const bytes = isLink ? Buffer.alloc(0) : readFileSync(path);
  return { bytes, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, isLink };
}
