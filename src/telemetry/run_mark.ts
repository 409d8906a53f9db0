// A file that stands while the service runs: found at the next start, it says that the last run
// ended without a stop.

import { z } from "zod";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { readState, replaceState } from "../platform/state_file.ts";

const shape = z.object({ pid: z.number(), startedMs: z.number() });

export class RunMark {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #report: Report;

  private constructor(disk: Disk, path: string, report: Report) {
    this.#disk = disk;
    this.#path = path;
    this.#report = report;
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
    try {
      await replaceState(disk, path, { pid: Deno.pid, startedMs: clock.wallMs() });
    } catch (error) {
      const message = `set the mark of this run: ${errorText(error)}`;
      report({ level: "warning", kind: "state_not_saved", message });
    }
    return new RunMark(disk, path, report);
  }

  /** The run ends with a stop. */
  clear(): void {
    try {
      if (this.#disk.size(this.#path) !== null) this.#disk.remove(this.#path);
    } catch (error) {
      const message = `clear the mark of this run: ${errorText(error)}`;
      this.#report({ level: "warning", kind: "state_not_saved", message });
    }
  }
}
