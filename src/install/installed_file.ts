// A small file that is to be there exactly so, or not at all. It is replaced in one go, and comes
// back with its owner and mode when the step is taken back.

import { Buffer } from "node:buffer";
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
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
}

interface Former extends OwnerIds {
  readonly bytes: Buffer;
  readonly mode: number;
}

const root: Owner = { user: "root", group: "root" };

export class InstalledFile implements Step {
  readonly goal: string;
  readonly #options: InstalledFileOptions;
  readonly #path: string;
  #former: Former | null = null;
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
    if (text === null) return there === null ? [] : [`remove ${path}`];
    if (there === null) return [`write ${path}`];
    if (!there.bytes.equals(Buffer.from(text))) return [`replace ${path}`];
    const ids = this.#ids();
    const hasOwner = ids === null || (ids.uid === there.uid && ids.gid === there.gid);
    return hasOwner && there.mode === mode ? [] : [`set owner and mode of ${path}`];
  }

  apply(): void {
    const { text, mode = 0o644 } = this.#options;
    this.#former = readFormer(this.#path);
    this.#applied = true;
    if (text === null) return removeFile(this.#path);
    this.#made = new MadeFolders(dirname(this.#path));
    replaceFile(this.#path, { bytes: Buffer.from(text), mode, ids: this.#ids() });
  }

  undo(): void {
    this.#applied = false;
    if (this.#former !== null) {
      const { bytes, mode, uid, gid } = this.#former;
      const ids = this.#options.target.givesOwners ? { uid, gid } : null;
      mkdirSync(dirname(this.#path), { recursive: true });
      return replaceFile(this.#path, { bytes, mode, ids });
    }
    rmSync(this.#path, { force: true });
    this.#made?.remove();
  }

  /** `null` where nothing can be given away, or the owner is not known yet. */
  #ids(): OwnerIds | null {
    const { target, owner = root } = this.#options;
    if (!target.givesOwners) return null;
    return target.idsOf(owner);
  }
}

/** A drop-in's folder goes with its last file. */
function removeFile(path: string): void {
  rmSync(path);
  const folder = dirname(path);
  if (folder.endsWith(".service.d") && readdirSync(folder).length === 0) rmdirSync(folder);
}

function readFormer(path: string): Former | null {
  if (!isThere(path)) return null;
  const { uid, gid, mode } = lstatSync(path);
  return { bytes: readFileSync(path), mode: mode & 0o7777, uid, gid };
}

/** By way of a file beside it, so that there is always the old or the new one. */
function replaceFile(path: string, { bytes, mode, ids }: {
  readonly bytes: Buffer;
  readonly mode: number;
  readonly ids: OwnerIds | null;
}): void {
  const temporary = `${path}.new`;
  try {
    const fd = openSync(temporary, "w", 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (ids !== null) chownSync(temporary, ids.uid, ids.gid);
    chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
