// A file that stands while the service runs, and says until when it was alive: found at the next
// start, it tells that the last run ended without a stop, and about when.

import * as z from "zod";
import type { Clock } from "../platform/clock.ts";
import type { Disk } from "../platform/disk.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { readState, replaceState } from "../platform/state_file.ts";

/** `aliveMs` is not in what earlier versions wrote. */
const shape = z.object({
  pid: z.number(),
  startedMs: z.number(),
  aliveMs: z.number().optional(),
});

/** How often the file is written anew: so exactly it is known when a run ended. */
const touchMs = 60_000;

export interface RunMarkOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly statePath: string;
  readonly report: Report;
}

export class RunMark {
  readonly #options: RunMarkOptions;
  readonly #path: string;
  readonly #stop = new AbortController();
  #touching: Promise<void> = Promise.resolve();
  /** Told already. */
  #isRefused = false;

  /** Reports how the last run ended, sets the mark of this one, and keeps it up to date. */
  static async set(options: RunMarkOptions): Promise<RunMark> {
    const mark = new RunMark(options);
    mark.#tellLast();
    const startedMs = options.clock.wallMs();
    await mark.#touch(startedMs);
    mark.#touching = mark.#keep(startedMs);
    return mark;
  }

  private constructor(options: RunMarkOptions) {
    this.#options = options;
    this.#path = `${options.statePath}/running.json`;
  }

  /** The run ends with a stop. */
  async clear(): Promise<void> {
    this.#stop.abort();
    await this.#touching;
    const { disk } = this.#options;
    try {
      if (disk.size(this.#path) !== null) disk.remove(this.#path);
    } catch (error) {
      this.#tellRefused("clear", error);
    }
  }

  #tellLast(): void {
    const { disk, report } = this.#options;
    const last = shape.safeParse(readState(disk, this.#path));
    if (!last.success) return;
    const { pid, startedMs, aliveMs = startedMs } = last.data;
    const [since, until] = [startedMs, aliveMs].map((ms) => new Date(ms).toISOString());
    report({
      level: "warning",
      kind: "unclean_shutdown",
      message: `the run that began ${since} (pid ${pid}) ended without a stop; ` +
        `it was last known alive ${until}`,
      details: { pid, startedMs, aliveMs },
    });
  }

  async #keep(startedMs: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    await clock.delay(touchMs, signal);
    while (!signal.aborted) {
      await this.#touch(startedMs);
      await clock.delay(touchMs, signal);
    }
  }

  async #touch(startedMs: number): Promise<void> {
    const { disk, clock } = this.#options;
    try {
      const mark = { pid: Deno.pid, startedMs, aliveMs: clock.wallMs() };
      await replaceState(disk, this.#path, mark);
      this.#isRefused = false;
    } catch (error) {
      if (!this.#isRefused) this.#tellRefused("set", error);
      this.#isRefused = true;
    }
  }

  #tellRefused(what: "set" | "clear", error: unknown): void {
    const message = `${what} the mark of this run: ${errorText(error)}`;
    this.#options.report({ level: "warning", kind: "state_not_saved", message });
  }
}
