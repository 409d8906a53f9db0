// What was learned of a channel's traffic, kept across restarts in a small state file.

import * as z from "zod";
import type { Disk } from "../platform/disk.ts";
import { readState, replaceState } from "../platform/state_file.ts";
import { type HeardHour, hourMs, hoursOfWeek, type LearnedTraffic } from "./weekly_traffic.ts";

const amount = z.number().min(0);
const week = z.array(amount).length(hoursOfWeek);

const shape = z.object({
  version: z.literal(1),
  traffic: z.object({
    listenedHours: week,
    arrivals: week,
    missedSquares: z.number().positive(),
    missedCubes: amount,
  }),
  waiting: z.array(z.object({
    hour: z.number().int().min(0).max(hoursOfWeek - 1),
    listenedMs: z.number().min(0).max(hourMs),
    arrivals: amount,
  })),
});

export interface RememberedTraffic {
  readonly traffic: LearnedTraffic;
  /** Hours that were not learned yet. */
  readonly waiting: readonly HeardHour[];
}

export class TrafficMemory {
  readonly #disk: Disk;
  readonly #path: string;

  constructor(options: { readonly disk: Disk; readonly path: string }) {
    this.#disk = options.disk;
    this.#path = options.path;
  }

  get path(): string {
    return this.#path;
  }

  /** `none`: nothing was ever learned. `damaged`: a file is there that says nothing of use. */
  recall(): RememberedTraffic | "none" | "damaged" {
    const parsed = shape.safeParse(readState(this.#disk, this.#path));
    if (parsed.success) return parsed.data;
    return this.#isThere() ? "damaged" : "none";
  }

  /** @throws {Error} when the disk refuses */
  async remember(state: RememberedTraffic): Promise<void> {
    await replaceState(this.#disk, this.#path, { version: 1, ...state });
  }

  #isThere(): boolean {
    try {
      return this.#disk.size(this.#path) !== null;
    } catch (error) {
      // Nobody may even look: it cannot be read, whatever it is.
      if (error instanceof Error) return true;
      throw error;
    }
  }
}
