// The line settings that worked last on a channel's port, kept across restarts.

import * as z from "zod";
import type { Disk } from "../../platform/disk.ts";
import { readState, replaceState } from "../../platform/state_file.ts";
import type { LineSettings } from "./line_settings.ts";

const shape = z.object({
  device: z.string(),
  settings: z.object({
    baudRate: z.number(),
    dataBits: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]),
    parity: z.enum(["none", "odd", "even", "mark", "space"]),
    stopBits: z.union([z.literal(1), z.literal(1.5), z.literal(2)]),
    flowControl: z.boolean(),
  }),
});

export class LineMemory {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #device: string;

  constructor(options: {
    readonly disk: Disk;
    readonly path: string;
    /** What was learned on another device does not count. */
    readonly device: string;
  }) {
    this.#disk = options.disk;
    this.#path = options.path;
    this.#device = options.device;
  }

  recall(): LineSettings | undefined {
    const parsed = shape.safeParse(readState(this.#disk, this.#path));
    return parsed.success && parsed.data.device === this.#device ? parsed.data.settings : undefined;
  }

  /** @throws {Error} when the disk refuses */
  async remember(settings: LineSettings): Promise<void> {
    if (JSON.stringify(settings) === JSON.stringify(this.recall())) return;
    await replaceState(this.#disk, this.#path, { device: this.#device, settings });
  }
}
