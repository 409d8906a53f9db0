// A file that stands while the service runs: found at the next start, it says that the last run
// ended without a stop.

import { z } from "zod";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import type { Report } from "../platform/notice.ts";
import { readState, replaceState } from "../platform/state_file.ts";

const shape = z.object({ pid: z.number(), startedMs: z.number() });

export class RunMark {
  readonly #disk: Disk;
  readonly #path: string;

  private constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  /** Reports how the last run ended, and sets the mark of this one. */
  static async set(options: {
    readonly disk: Disk;
    readonly clock: Clock;
    readonly statePath: string;
    readonly report: Report;
  }): Promise<RunMark> {
    const { disk, clock, report } = options;
    const path = `${options.statePath}/running.json`;
    const last = shape.safeParse(readState(disk, path));
    if (last.success) {
      const since = new Date(last.data.startedMs).toISOString();
      report({
        level: "warning",
        kind: "unclean_shutdown",
        message: `the run that began ${since} (pid ${last.data.pid}) ended without a stop`,
        details: last.data,
      });
    }
    await replaceState(disk, path, { pid: Deno.pid, startedMs: clock.wallMs() });
    return new RunMark(disk, path);
  }

  /** The run ends with a stop. */
  clear(): void {
    this.#disk.remove(this.#path);
  }
}
