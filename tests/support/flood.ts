// Equipment gone mad: one port that sends without a pause, as fast as a pseudo-terminal takes it, from
// a thread of its own so that it takes no time from who else sends.

import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Random bytes; one line that never ends; or lines of seven characters. */
export type FloodPattern = "garbage" | "endless line" | "short lines";

export type FloodSignal = "wait" | "flood" | "end";

/** What the thread gets. */
export interface FloodOrder {
  readonly link: string;
  readonly pattern: FloodPattern;
  readonly seed: number;
  /** Two numbers: what is wanted of it, and how many KB it has sent. */
  readonly control: SharedArrayBuffer;
}

const signals: readonly FloodSignal[] = ["wait", "flood", "end"];

export class Flood implements AsyncDisposable {
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  /** Plugs it in under the name `link`; it is silent until `start`. */
  static async plug(
    options: { readonly link: string; readonly pattern: FloodPattern; readonly seed: number },
  ): Promise<Flood> {
    const flood = new Flood(options);
    await once(flood.#worker, "message");
    return flood;
  }

  private constructor(options: Omit<FloodOrder, "control">) {
    const workerData: FloodOrder = { ...options, control: this.#control.buffer };
    this.#worker = new Worker(new URL("./flood_worker.ts", import.meta.url), { workerData });
  }

  /** KB that the kernel has taken. */
  get sentKb(): number {
    return Atomics.load(this.#control, 1);
  }

  start(): void {
    this.#want("flood");
  }

  stop(): void {
    this.#want("wait");
  }

  /** Pulls the cable. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#worker, "exit");
    this.#want("end");
    await ended;
  }

  #want(signal: FloodSignal): void {
    Atomics.store(this.#control, 0, signals.indexOf(signal));
  }
}
