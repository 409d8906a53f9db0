// The time of the simulated pipeline: that of the box, whose timers go with a crash, and that of the
// servers and networks, which go on.

import assert from "node:assert/strict";
import type { CrashBox } from "./crash_box.ts";
import { TimerList } from "./timer_list.ts";

/** Turns of the microtask queue in which anything ends that can end by itself. */
const turns = 40;
const longestMs = 60_000;
const stepMs = 50;

export class PipelineTime {
  /** Of the servers and networks. */
  readonly timers = new TimerList();
  readonly #box: CrashBox;
  readonly #moment: () => void;

  /** @param moment called at every moment at which something may have happened */
  constructor(box: CrashBox, moment: () => void) {
    this.#box = box;
    this.#moment = moment;
  }

  get nowMs(): number {
    return this.timers.nowMs;
  }

  /** Lets time pass, one timer after the other, until the box dies. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await this.pass();
    while (!this.#box.dead) {
      const left = endMs - this.nowMs;
      const next = Math.min(this.#box.time.untilNextMs, this.timers.nextMs - this.nowMs);
      const step = Math.min(left, Math.max(0, next));
      this.#box.tick(step);
      this.timers.tick(step);
      await this.pass();
      this.#moment();
      if (next > left) break;
    }
  }

  /** Lets end what ends by itself. */
  async pass(): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await null;
  }

  /** Lets pass what it takes until `promise` is settled. @throws {Error} when the box dies before */
  async settled<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    const startMs = this.nowMs;
    for (let turn = 0; turn < turns && !settled; turn++) await null;
    while (!settled && !this.#box.dead) {
      assert.ok(this.nowMs - startMs < longestMs, "this never ends");
      await this.advance(stepMs);
    }
    if (this.#box.dead) throw new Error("the box died");
    return await promise;
  }
}
