// What happens to a simulated disk from outside: calls are seen, refused or fail, syncs take their
// time, room ends, and at last the process is killed or the power goes.

import type { DiskCall } from "./failing_disk.ts";
import type { RandomNumber } from "./simulated_file.ts";
import { systemError } from "./system_error.ts";

/** A call to a disk whose process is dead. */
export class DeadProcessError extends Error {
  override readonly name = "DeadProcessError";
}

/** How often a call fails, from 0 to 1. */
export interface FaultRates {
  /** An append takes a part, and the next one to the same file nothing. */
  readonly shortAppend: number;
  /** A sync of a file fails, and what it should have written is not on the platter. */
  readonly failedSync: number;
  /** Any other call fails and does nothing. */
  readonly failedCall: number;
}

export const noFaults: FaultRates = { shortAppend: 0, failedSync: 0, failedCall: 0 };

/**
 * When a sync that is awaited is done: before it returns; after some turns of the microtask queue;
 * or when `completeSyncs()` says so.
 */
export type SyncTiming = "at once" | "soon" | "when told";

const mostTurns = 8;
/** Calls in which a journal has moved to memory what a failed sync put in doubt, if none is refused. */
const answerCalls = 40;

export class SimulatedConditions {
  /** Called before each call. What it throws the call throws: nothing is done, a sync has failed. */
  before: (call: DiskCall) => void = () => {};
  faults = noFaults;
  /** Room for files that a power cut leaves, in bytes; and for the others. */
  capacityBytes = Infinity;
  memoryCapacityBytes = Infinity;
  /** Of the files that a power cut leaves. */
  readOnly = false;
  syncs: SyncTiming = "at once";
  openHandles = 0;
  readonly random: RandomNumber;
  readonly #memory: readonly string[];
  #dead = false;
  #callsToAnswer = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param memory beginnings of the paths that never fail, but by `before` */
  constructor(random: RandomNumber, memory: readonly string[]) {
    this.random = random;
    this.#memory = memory;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Whoever was told of a failed sync has had the time to save what it put in doubt. */
  get hasAnswered(): boolean {
    return this.#callsToAnswer === 0;
  }

  /** Syncs under way, of those that are done when told. */
  get waitingSyncs(): number {
    return this.#waiting.length;
  }

  /** Nothing fails any more. */
  heal(): void {
    this.before = () => {};
    this.faults = noFaults;
    this.capacityBytes = Infinity;
    this.memoryCapacityBytes = Infinity;
    this.readOnly = false;
  }

  /** Every call from now on throws, and so does every sync under way. */
  die(): void {
    this.#dead = true;
    this.openHandles = 0;
    this.completeSyncs();
  }

  /** Does the oldest `count` of the syncs that are under way. */
  completeSyncs(count = Infinity): void {
    for (const complete of this.#waiting.splice(0, count)) complete();
  }

  /** A call begins. */
  enter(what: DiskCall["what"], path: string): void {
    this.requireLife();
    if (this.#callsToAnswer > 0) this.#callsToAnswer -= 1;
    this.before({ what, path });
    if (what === "append" || what === "sync") return;
    if (!this.#happens(this.faults.failedCall, path)) return;
    if (this.#callsToAnswer > 0) this.#callsToAnswer = answerCalls;
    throw systemError("EIO", `${what} '${path}'`);
  }

  /** Somebody is told that a sync has failed. */
  noteFailedSync(): void {
    this.#callsToAnswer = answerCalls;
  }

  requireLife(): void {
    if (this.#dead) throw new DeadProcessError("the process is dead");
  }

  /** How many of so many bytes an append takes. */
  taken(bytes: number, path: string): number {
    if (!this.#happens(this.faults.shortAppend, path)) return bytes;
    return Math.floor(this.random() * bytes);
  }

  /** @throws {Error} when the sync that was entered fails */
  sync(path: string): void {
    if (this.#happens(this.faults.failedSync, path)) throw systemError("EIO", `sync '${path}'`);
  }

  /** Resolves when a sync that was begun now is done. */
  async wait(): Promise<void> {
    if (this.syncs === "when told") {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else if (this.syncs === "soon") {
      for (let turns = Math.floor(mostTurns * this.random()); turns > 0; turns--) await null;
    }
    this.requireLife();
  }

  #happens(rate: number, path: string): boolean {
    if (rate === 0 || this.#memory.some((beginning) => path.startsWith(beginning))) return false;
    return this.random() < rate;
  }
}
