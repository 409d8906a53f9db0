// Open files of the simulated disk. They hold on to the file, whatever becomes of its name.

import type { AppendFile, ReadFile } from "../../src/platform/disk.ts";
import type { SimulatedConditions } from "./simulated_conditions.ts";
import type { SimulatedFile } from "./simulated_file.ts";
import { SimulatedFolder, type SimulatedNode } from "./simulated_folder.ts";
import type { SimulatedVolume } from "./simulated_volume.ts";
import { systemError } from "./system_error.ts";

export interface HandleOptions {
  readonly conditions: SimulatedConditions;
  readonly volume: SimulatedVolume;
  readonly path: string;
}

class Handle {
  protected readonly conditions: SimulatedConditions;
  protected readonly volume: SimulatedVolume;
  protected readonly path: string;
  readonly #node: SimulatedNode;
  #closed = false;

  constructor({ conditions, volume, path }: HandleOptions, node: SimulatedNode) {
    this.conditions = conditions;
    this.volume = volume;
    this.path = path;
    this.#node = node;
    conditions.openHandles += 1;
    if (!(node instanceof SimulatedFolder)) node.links += 1;
  }

  close(): void {
    this.requireOpen();
    this.#closed = true;
    // The handles of a dead process were closed when it died.
    if (this.conditions.dead) return;
    this.conditions.openHandles -= 1;
    this.volume.release(this.#node);
  }

  protected requireOpen(): void {
    if (this.#closed) throw new Deno.errors.BadResource("Bad resource ID");
  }
}

export class SimulatedAppendFile extends Handle implements AppendFile {
  readonly #file: SimulatedFile;
  readonly #find: (path: string) => SimulatedNode | null;
  #full = false;
  /** Failed syncs that each of the two descriptions has been told of. */
  readonly #told: Record<"sync" | "syncNow", number>;

  constructor(
    options: HandleOptions,
    file: SimulatedFile,
    find: (path: string) => SimulatedNode | null,
  ) {
    super(options, file);
    this.#file = file;
    this.#find = find;
    this.#told = { sync: file.failedSyncs, syncNow: file.failedSyncs };
  }

  append(bytes: Uint8Array): number {
    this.requireOpen();
    this.conditions.enter("append", this.path);
    this.volume.requireWritable(this.path);
    if (bytes.length === 0) return 0;
    const full = this.#full && this.conditions.faults.shortAppend > 0;
    const wanted = full ? 0 : this.conditions.taken(bytes.length, this.path);
    this.#full = wanted > 0 && wanted < bytes.length;
    const count = Math.min(wanted, this.volume.freeBytes);
    if (count === 0) throw systemError("ENOSPC", `append '${this.path}'`);
    this.volume.resize(this.#file, () => this.#file.append(bytes.subarray(0, count)));
    return count;
  }

  readNow(buffer: Uint8Array, offset: number): number {
    this.requireOpen();
    this.conditions.enter("read", this.path);
    return this.#file.read(buffer, offset);
  }

  async sync(): Promise<void> {
    const complete = this.#beginSync("sync");
    if (this.conditions.syncs !== "at once") await this.conditions.wait();
    complete();
  }

  syncNow(): void {
    this.#beginSync("syncNow")();
  }

  truncate(length: number): void {
    this.requireOpen();
    this.conditions.enter("truncate", this.path);
    this.volume.requireWritable(this.path);
    if (length - this.#file.length > this.volume.freeBytes) {
      throw systemError("ENOSPC", `truncate '${this.path}'`);
    }
    this.volume.resize(this.#file, () => this.#file.truncate(length));
  }

  isAt(path: string): boolean {
    this.requireOpen();
    this.conditions.enter("size", path);
    return this.#find(path) === this.#file;
  }

  /** Settles what was written up to now; what it returns does it. */
  #beginSync(by: "sync" | "syncNow"): () => void {
    this.requireOpen();
    const covered = this.#file.changes;
    const orLose = (action: () => void): void => {
      try {
        action();
      } catch (error) {
        if (!this.conditions.dead) {
          this.#file.lose(covered, this.conditions.random);
          this.#told[by] = this.#file.failedSyncs;
          this.conditions.noteFailedSync();
        }
        throw error;
      }
    };
    orLose(() => this.conditions.enter("sync", this.path));
    return () => {
      orLose(() => this.conditions.sync(this.path));
      this.#file.settle(covered);
      if (this.#told[by] === this.#file.failedSyncs) return;
      this.#told[by] = this.#file.failedSyncs;
      throw systemError("EIO", `sync '${this.path}'`);
    };
  }
}

/** Of a file, or of a folder, which opens and cannot be read. */
export class SimulatedReadFile extends Handle implements ReadFile {
  readonly #target: SimulatedNode;

  constructor(options: HandleOptions, target: SimulatedNode) {
    super(options, target);
    this.#target = target;
  }

  // deno-lint-ignore require-await -- what fails must reject
  async read(buffer: Uint8Array, offset: number): Promise<number> {
    return this.readNow(buffer, offset);
  }

  readNow(buffer: Uint8Array, offset: number): number {
    this.requireOpen();
    this.conditions.enter("read", this.path);
    if (this.#target instanceof SimulatedFolder) {
      if (buffer.length === 0) return 0;
      throw systemError("EISDIR", `read '${this.path}'`);
    }
    return this.#target.read(buffer, offset);
  }

  size(): number {
    this.requireOpen();
    this.conditions.requireLife();
    return this.#target instanceof SimulatedFolder ? 0 : this.#target.length;
  }
}
