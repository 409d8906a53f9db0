// Names on the simulated disk: what programs see in a folder, what the platter holds, and the
// changes between the two until the folder is synced. A power cut may leave any of these changes
// and not the others, except that a rename is done or not done.

import type { RandomNumber, SimulatedFile } from "./simulated_file.ts";

export type SimulatedNode = SimulatedFile | SimulatedFolder;

export class SimulatedFolder {
  readonly names = new Map<string, SimulatedNode>();
  readonly durable = new Map<string, SimulatedNode>();

  /** Whether `node` is this folder or stands somewhere below it. */
  contains(node: SimulatedNode): boolean {
    if (node === this) return true;
    for (const each of this.names.values()) {
      if (each === node) return true;
      if (each instanceof SimulatedFolder && each.contains(node)) return true;
    }
    return false;
  }
}

/** A name in a folder. */
export interface SimulatedPlace {
  readonly folder: SimulatedFolder;
  readonly name: string;
}

/** `node` loses its place at `from` and gets one at `to`; without `from` it is new. */
interface NameChange {
  readonly number: number;
  readonly node: SimulatedNode;
  readonly from: SimulatedPlace | null;
  readonly to: SimulatedPlace | null;
}

/** What a power cut may do to the names that were not synced. */
export type NameOrder = "any" | "as changed";

/** The changes to the names of one file system. */
export class SimulatedNames {
  #changes: NameChange[] = [];
  #number = 0;
  readonly #lasting: boolean;
  readonly #durablePlaces = new WeakMap<SimulatedNode, SimulatedPlace>();

  /** @param lasting whether a power cut leaves any of them */
  constructor(lasting: boolean) {
    this.#lasting = lasting;
  }

  /** Number of the last change: a sync that begins now covers it. */
  get last(): number {
    return this.#number;
  }

  add(node: SimulatedNode, to: SimulatedPlace): void {
    to.folder.names.set(to.name, node);
    this.#note(node, null, to);
  }

  /** A name that the platter holds already. */
  adopt(node: SimulatedNode, to: SimulatedPlace): void {
    to.folder.names.set(to.name, node);
    to.folder.durable.set(to.name, node);
    this.#durablePlaces.set(node, to);
  }

  remove(node: SimulatedNode, from: SimulatedPlace): void {
    from.folder.names.delete(from.name);
    this.#note(node, from, null);
  }

  move(node: SimulatedNode, from: SimulatedPlace, to: SimulatedPlace): void {
    from.folder.names.delete(from.name);
    to.folder.names.set(to.name, node);
    this.#note(node, from, to);
  }

  /** A sync of `folder` that covered all changes up to number `last` succeeded. */
  settle(folder: SimulatedFolder, last: number): void {
    this.#changes = this.#changes.filter((change) => {
      const within = change.from?.folder === folder || change.to?.folder === folder;
      if (!within || change.number > last) return true;
      this.#apply(change);
      return false;
    });
  }

  /** Decides which of the changes the platter holds. Afterwards `durable` is all there is. */
  cut(random: RandomNumber, order: NameOrder): void {
    const how = Math.floor(random() * (order === "any" ? 4 : 3));
    const first = Math.floor(random() * (this.#changes.length + 1));
    for (const [i, change] of this.#changes.entries()) {
      const kept = [false, true, i < first, random() < 0.5][how] ?? false;
      if (kept) this.#apply(change);
    }
    this.#changes = [];
  }

  #note(node: SimulatedNode, from: SimulatedPlace | null, to: SimulatedPlace | null): void {
    if (this.#lasting) this.#changes.push({ number: ++this.#number, node, from, to });
  }

  #apply({ node, from, to }: NameChange): void {
    if (to === null) {
      if (from?.folder.durable.get(from.name) !== node) return;
      from.folder.durable.delete(from.name);
      this.#durablePlaces.delete(node);
      return;
    }
    const before = this.#durablePlaces.get(node);
    if (before?.folder.durable.get(before.name) === node) before.folder.durable.delete(before.name);
    to.folder.durable.set(to.name, node);
    this.#durablePlaces.set(node, to);
  }
}
