// A wall clock of its own for the collector of a site: a box without a battery for its clock, a time
// server that is found late, somebody who sets the time.

import { sourceCommand } from "./collector_process.ts";
import type { SiteOptions } from "./site.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

const main = new URL("./wall_clock_main.ts", import.meta.url).pathname;

export class WallClock implements Disposable {
  readonly #folder = new TemporaryFolder("clock");
  readonly #path = this.#folder.join("ahead");
  #aheadMs = 0;

  /** How the collector must be run to be under this clock. */
  get collector(): Pick<SiteOptions, "launcher" | "command"> {
    return { launcher: ["env", `WALL_CLOCK=${this.#path}`], command: sourceCommand(main) };
  }

  /** Sets it so that it would now be `wallMs`; a collector that runs takes it over at once. */
  set(wallMs: number, pid: number | undefined): void {
    this.#aheadMs = wallMs - Date.now();
    Deno.writeTextFileSync(this.#path, `${this.#aheadMs}`);
    if (pid !== undefined) Deno.kill(pid, "SIGUSR2");
  }

  /** What it shows. */
  get nowMs(): number {
    return Date.now() + this.#aheadMs;
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}
