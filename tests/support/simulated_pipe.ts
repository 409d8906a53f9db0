// One direction of a connection: what is put in comes out later, in order, and a cut leaves the
// beginning of it.

import type { RandomNumber } from "./simulated_file.ts";
import type { TimerList } from "./timer_list.ts";

export class SimulatedPipe<Item> {
  readonly #timers: TimerList;
  readonly #delayMs: () => number;
  readonly #arrived: (item: Item) => void;
  readonly #items: { readonly item: Item; readonly dueMs: number }[] = [];
  #timer: number | undefined;
  #held = false;
  #cut = false;

  constructor(options: {
    readonly timers: TimerList;
    readonly delayMs: () => number;
    readonly arrived: (item: Item) => void;
  }) {
    this.#timers = options.timers;
    this.#delayMs = options.delayMs;
    this.#arrived = options.arrived;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  push(item: Item): void {
    if (this.#cut) return;
    const before = this.#items.at(-1)?.dueMs ?? 0;
    const dueMs = Math.max(before, this.#timers.nowMs + this.#delayMs());
    this.#items.push({ item, dueMs });
    this.#arm();
  }

  /** Nothing arrives until `release()`. */
  hold(): void {
    this.#held = true;
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  release(): void {
    this.#held = false;
    this.#arm();
  }

  /** Takes nothing more; of what is under way only the beginning still arrives. */
  cut(random: RandomNumber): void {
    this.#cut = true;
    this.#items.length = Math.floor(random() * (this.#items.length + 1));
  }

  /** Nothing of what is under way arrives. */
  destroy(): void {
    this.#cut = true;
    this.#items.length = 0;
  }

  #arm(): void {
    const first = this.#items[0];
    if (this.#held || this.#timer !== undefined || first === undefined) return;
    this.#timer = this.#timers.set(() => this.#deliver(), first.dueMs - this.#timers.nowMs);
  }

  #deliver(): void {
    this.#timer = undefined;
    while (!this.#held && (this.#items[0]?.dueMs ?? Infinity) <= this.#timers.nowMs) {
      const first = this.#items.shift();
      if (first !== undefined) this.#arrived(first.item);
    }
    this.#arm();
  }
}
