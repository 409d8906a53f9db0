// A file system of the simulated disk: its tree, its room, and whether a power cut leaves it.

import type { SimulatedConditions } from "./simulated_conditions.ts";
import { type ByteOrder, SimulatedFile } from "./simulated_file.ts";
import {
  type NameOrder,
  SimulatedFolder,
  SimulatedNames,
  type SimulatedNode,
} from "./simulated_folder.ts";
import { systemError } from "./system_error.ts";

export class SimulatedVolume {
  readonly root = new SimulatedFolder();
  readonly names: SimulatedNames;
  /** A power cut leaves what was synced; otherwise nothing. */
  readonly lasting: boolean;
  readonly #file: ConstructorParameters<typeof SimulatedFile>[0];
  #conditions: SimulatedConditions;
  #usedBytes = 0;

  constructor(options: {
    readonly conditions: SimulatedConditions;
    readonly lasting: boolean;
    readonly sectorBytes: number;
    readonly byteOrder: ByteOrder;
  }) {
    this.#conditions = options.conditions;
    this.lasting = options.lasting;
    const { sectorBytes, lasting, byteOrder } = options;
    this.#file = { sectorBytes, lasting, order: byteOrder };
    this.names = new SimulatedNames(options.lasting);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get totalBytes(): number {
    const { capacityBytes, memoryCapacityBytes } = this.#conditions;
    return this.lasting ? capacityBytes : memoryCapacityBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.totalBytes - this.#usedBytes);
  }

  requireWritable(path: string): void {
    if (this.lasting && this.#conditions.readOnly) throw systemError("EROFS", path);
  }

  makeFile(): SimulatedFile {
    return new SimulatedFile(this.#file);
  }

  resize(file: SimulatedFile, change: () => void): void {
    const before = file.length;
    change();
    this.#usedBytes += file.length - before;
  }

  /** A name or a handle of `node` is gone. */
  release(node: SimulatedNode): void {
    if (node instanceof SimulatedFolder) return;
    node.links -= 1;
    if (node.links === 0) this.#usedBytes -= node.length;
  }

  /** The same after the process died, under conditions of its successor. */
  afterKill(conditions: SimulatedConditions): SimulatedVolume {
    this.#conditions = conditions;
    this.#usedBytes = 0;
    for (const file of filesBelow(this.root)) {
      file.links = 1;
      this.#usedBytes += file.length;
    }
    return this;
  }

  /** What failed syncs have lost counts as not written yet. */
  writeAgain(): this {
    for (const file of filesBelow(this.root)) file.writeAgain();
    return this;
  }

  /** What is left when the power comes back. */
  afterPowerCut(conditions: SimulatedConditions, order: NameOrder): SimulatedVolume {
    const { random } = this.#conditions;
    const { sectorBytes, lasting, order: byteOrder } = this.#file;
    const options = { conditions, lasting, sectorBytes, byteOrder };
    if (!this.lasting) return new SimulatedVolume(options);
    this.names.cut(random, order);
    const left = new SimulatedVolume(options);
    const copy = (from: SimulatedFolder, to: SimulatedFolder): void => {
      for (const [name, node] of [...from.durable].sort(([a], [b]) => a < b ? -1 : 1)) {
        const isFolder = node instanceof SimulatedFolder;
        const after = isFolder ? new SimulatedFolder() : node.afterPowerCut(random);
        left.names.adopt(after, { folder: to, name });
        if (isFolder && after instanceof SimulatedFolder) copy(node, after);
      }
    };
    copy(this.root, left.root);
    return left.afterKill(conditions);
  }
}

function* filesBelow(folder: SimulatedFolder): Generator<SimulatedFile> {
  for (const node of folder.names.values()) {
    if (node instanceof SimulatedFolder) yield* filesBelow(node);
    else yield node;
  }
}
