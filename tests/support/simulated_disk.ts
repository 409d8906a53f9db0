// A file system in memory with a power plug, for a million crashes an hour. It keeps what programs
// see apart from what the platter holds, and forgives nothing: what was not synced may be there
// after a power cut, in part, out of order, or not at all; a file's sync does not cover its name;
// a failed sync is never made good. The same random numbers give the same disk.

import type { AppendFile, Disk, DiskSpace, ReadFile } from "../../src/platform/disk.ts";
import { SimulatedConditions } from "./simulated_conditions.ts";
import type { ByteOrder, RandomNumber } from "./simulated_file.ts";
import {
  type NameOrder,
  SimulatedFolder,
  type SimulatedNames,
  type SimulatedNode,
  type SimulatedPlace,
} from "./simulated_folder.ts";
import { SimulatedAppendFile, SimulatedReadFile } from "./simulated_handles.ts";
import { SimulatedVolume } from "./simulated_volume.ts";
import { systemError } from "./system_error.ts";

export interface SimulatedDiskOptions {
  readonly random: RandomNumber;
  /** Folders that are there from the start, synced. */
  readonly folders?: readonly string[];
  /** Below these, ending in `/`, everything lives in memory: it outlives a kill and no power cut. */
  readonly memory?: readonly string[];
  /** What is written whole or not at all. @default {512} */
  readonly sectorBytes?: number;
  /** @default {"any"} */
  readonly byteOrder?: ByteOrder;
  /** @default {"any"} */
  readonly nameOrder?: NameOrder;
}

type Volumes = ReadonlyMap<string, SimulatedVolume>;

/** How a path is walked; the name is `null` at the top of a file system. */
interface Route {
  readonly volume: SimulatedVolume;
  readonly folders: readonly string[];
  readonly name: string | null;
}

/** Where a path leads: its file system, the folder that may hold its name, and what is there. */
interface Found extends SimulatedPlace {
  readonly volume: SimulatedVolume;
  readonly node: SimulatedNode | null;
}

export class SimulatedDisk implements Disk {
  readonly conditions: SimulatedConditions;
  readonly #options: SimulatedDiskOptions;
  /** By the path that they begin at, ending in `/`. */
  readonly #volumes: Volumes;
  readonly #routes = new Map<string, Route>();

  constructor(options: SimulatedDiskOptions, left?: (to: SimulatedConditions) => Volumes) {
    this.#options = options;
    this.conditions = new SimulatedConditions(options.random, options.memory ?? []);
    this.#volumes = left?.(this.conditions) ?? this.#newVolumes();
    if (left !== undefined) return;
    for (const folder of options.folders ?? []) this.makeFolder(folder);
    for (const { names, root } of this.#volumes.values()) settleAll(names, root);
  }

  /** Files that are open now. */
  get openHandles(): number {
    return this.conditions.openHandles;
  }

  /** Room that is taken by files which a power cut may leave. */
  get usedBytes(): number {
    return this.#volumes.get("/")?.usedBytes ?? 0;
  }

  /**
   * The process dies: what was written stays. Returns the disk as its successor finds it. A process
   * that had not answered a failed sync yet takes that knowledge with it, which nobody can help: then
   * the sync counts as never begun.
   */
  kill({ hasAnswered = true } = {}): SimulatedDisk {
    this.conditions.die();
    return this.#successor((volume, conditions) =>
      (hasAnswered ? volume : volume.writeAgain()).afterKill(conditions)
    );
  }

  /** The power goes and comes back. Returns the disk as it may stand then. */
  powerCut(): SimulatedDisk {
    this.conditions.die();
    const { nameOrder = "any" } = this.#options;
    return this.#successor((volume, conditions) => volume.afterPowerCut(conditions, nameOrder));
  }

  append(path: string): AppendFile {
    this.conditions.enter("open to append", path);
    const place = this.#find(path);
    const { volume, node } = place;
    if (node instanceof SimulatedFolder) throw systemError("EISDIR", `open '${path}'`);
    volume.requireWritable(path);
    const file = node ?? volume.makeFile();
    if (node === null) {
      file.links = 1;
      volume.names.add(file, place);
    }
    return new SimulatedAppendFile(
      { conditions: this.conditions, volume, path },
      file,
      (other) => this.#findOrNull(other)?.node ?? null,
    );
  }

  read(path: string): ReadFile {
    this.conditions.enter("open to read", path);
    const { volume, node } = this.#existing(path);
    return new SimulatedReadFile({ conditions: this.conditions, volume, path }, node);
  }

  size(path: string): number | null {
    this.conditions.enter("size", path);
    const node = this.#findOrNull(path)?.node ?? null;
    return node instanceof SimulatedFolder ? 0 : node?.length ?? null;
  }

  list(folder: string): string[] {
    this.conditions.enter("list", folder);
    return [...this.#folder(folder).names.keys()].sort();
  }

  makeFolder(path: string): void {
    this.conditions.enter("make folder", path);
    const place = this.#findOrNull(path);
    if (place?.node instanceof SimulatedFolder) return;
    if (place !== null && place.node !== null) throw systemError("EEXIST", `mkdir '${path}'`);
    if (place === null) this.makeFolder(parentOf(path));
    const made = place ?? this.#find(path);
    made.volume.requireWritable(path);
    made.volume.names.add(new SimulatedFolder(), made);
  }

  rename(from: string, to: string): void {
    this.conditions.enter("rename", from);
    const what = `rename '${from}' -> '${to}'`;
    // The folders of both first: Linux looks at them before it looks for the file.
    const { volume } = this.#find(from);
    const target = this.#find(to);
    if (volume !== target.volume) throw systemError("EXDEV", what);
    const old = this.#existing(from);
    old.volume.requireWritable(from);
    if (target.node === old.node) return;
    refuseMove(old.node, target, what);
    old.volume.names.move(old.node, old, target);
    if (target.node !== null) old.volume.release(target.node);
  }

  remove(path: string): void {
    this.conditions.enter("remove", path);
    const place = this.#existing(path);
    place.volume.requireWritable(path);
    if (place.node instanceof SimulatedFolder && place.node.names.size > 0) {
      throw systemError("ENOTEMPTY", `remove '${path}'`);
    }
    place.volume.names.remove(place.node, place);
    place.volume.release(place.node);
  }

  async syncFolder(path: string): Promise<void> {
    const complete = this.#beginFolderSync(path);
    if (this.conditions.syncs !== "at once") await this.conditions.wait();
    complete();
  }

  syncFolderNow(path: string): void {
    this.#beginFolderSync(path)();
  }

  // deno-lint-ignore require-await -- what fails must reject
  async space(path: string): Promise<DiskSpace> {
    this.conditions.enter("space", path);
    const { totalBytes, freeBytes } = this.#existing(path).volume;
    return { totalBytes, freeBytes };
  }

  #newVolumes(): Volumes {
    const { memory = [], sectorBytes = 512, byteOrder = "any" } = this.#options;
    const { conditions } = this;
    const make = (lasting: boolean): SimulatedVolume =>
      new SimulatedVolume({ conditions, lasting, sectorBytes, byteOrder });
    // The longest first: it decides.
    const prefixes = [...memory].sort((a, b) => b.length - a.length);
    return new Map([
      ...prefixes.map((prefix) => [prefix, make(false)] as const),
      ["/", make(true)],
    ]);
  }

  #successor(
    after: (volume: SimulatedVolume, conditions: SimulatedConditions) => SimulatedVolume,
  ): SimulatedDisk {
    const volumes = [...this.#volumes];
    return new SimulatedDisk(
      this.#options,
      (conditions) => new Map(volumes.map(([path, volume]) => [path, after(volume, conditions)])),
    );
  }

  #beginFolderSync(path: string): () => void {
    this.conditions.enter("sync folder", path);
    const { volume, node } = this.#existing(path);
    const covered = volume.names.last;
    return () => {
      if (node instanceof SimulatedFolder) volume.names.settle(node, covered);
    };
  }

  #folder(path: string): SimulatedFolder {
    const { node } = this.#existing(path);
    if (node instanceof SimulatedFolder) return node;
    throw systemError("ENOTDIR", path);
  }

  #existing(path: string): Found & { readonly node: SimulatedNode } {
    const found = this.#find(path);
    if (found.node === null) throw systemError("ENOENT", path);
    return { ...found, node: found.node };
  }

  /** @throws {Deno.errors.NotFound} when a folder on the way is not there */
  #find(path: string): Found {
    const found = this.#findOrNull(path);
    if (found === null) throw systemError("ENOENT", path);
    return found;
  }

  /** `null` when a folder on the way is not there. */
  #findOrNull(path: string): Found | null {
    const { volume, folders, name } = this.#routes.get(path) ?? this.#newRoute(path);
    // The top of a file system stands in a place of its own.
    if (name === null) return { volume, folder: volume.root, name: "", node: volume.root };
    let folder = volume.root;
    for (const each of folders) {
      const next = folder.names.get(each);
      if (next === undefined) return null;
      if (!(next instanceof SimulatedFolder)) throw systemError("ENOTDIR", path);
      folder = next;
    }
    return { volume, folder, name, node: folder.names.get(name) ?? null };
  }

  #newRoute(path: string): Route {
    for (const [prefix, volume] of this.#volumes) {
      if (!`${path}/`.startsWith(prefix)) continue;
      const folders = path.slice(prefix.length).split("/").filter((name) => name !== "");
      const route = { volume, name: folders.pop() ?? null, folders };
      this.#routes.set(path, route);
      return route;
    }
    throw new TypeError(`not an absolute path: ${path}`);
  }
}

/** @throws {Error} what Linux answers where `node` cannot be moved to `target` */
function refuseMove(node: SimulatedNode, target: Found, what: string): void {
  const replaced = target.node;
  if (node instanceof SimulatedFolder) {
    if (node.contains(target.folder)) throw systemError("EINVAL", what);
    if (replaced !== null && !(replaced instanceof SimulatedFolder)) {
      throw systemError("ENOTDIR", what);
    }
    if (replaced !== null && replaced.names.size > 0) throw systemError("ENOTEMPTY", what);
  } else if (replaced instanceof SimulatedFolder) {
    throw systemError(replaced.contains(node) ? "ENOTEMPTY" : "EISDIR", what);
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.replace(/\/+$/, "").lastIndexOf("/"));
}

function settleAll(names: SimulatedNames, folder: SimulatedFolder): void {
  names.settle(folder, names.last);
  for (const node of folder.names.values()) {
    if (node instanceof SimulatedFolder) settleAll(names, node);
  }
}
