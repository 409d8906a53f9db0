// The service as systemd knows it: asked, enabled, started, waited for.

import type { Clock } from "../platform/clock.ts";
import { must, type RunProgram } from "./programs.ts";
import { StepFailed } from "./step.ts";
import { unitName } from "./system_files.ts";
import type { Target } from "./target.ts";

/** So long a service that came up has to stay up. */
const settleMs = 2000;
const readyMs = 60_000;
const lookMs = 200;
/** Of a program that SIGHUP ended. */
const hungUpCode = 129;

export interface ServiceState {
  /** `active`, `activating`, `failed`, `inactive`, … */
  readonly active: string;
  /** 0 where none runs. */
  readonly pid: number;
  /** How often systemd had to start it again since it was told to. */
  readonly restarts: number;
  /** Whether the unit was changed since systemd read it. */
  readonly isStale: boolean;
}

/** Whether somebody has started it, also when it does not come up. */
function isWanted({ active }: ServiceState): boolean {
  return active !== "inactive" && active !== "failed";
}

export interface SystemdOptions {
  readonly target: Target;
  readonly run: RunProgram;
  readonly clock: Clock;
}

export class Systemd {
  readonly #target: Target;
  readonly #run: RunProgram;
  readonly #clock: Clock;

  constructor({ target, run, clock }: SystemdOptions) {
    this.#target = target;
    this.#run = run;
    this.#clock = clock;
  }

  async state(): Promise<ServiceState> {
    const properties = "ActiveState,MainPID,NRestarts,NeedDaemonReload";
    const { out } = await this.#run("systemctl", ["show", unitName, `--property=${properties}`]);
    const values = new Map(
      out.split("\n").map((line): [string, string] => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    );
    return {
      active: values.get("ActiveState") ?? "inactive",
      pid: Number(values.get("MainPID") ?? 0),
      restarts: Number(values.get("NRestarts") ?? 0),
      isStale: values.get("NeedDaemonReload") === "yes",
    };
  }

  /** Lets the service go on where it was wanted, unless the process of then still runs. */
  async resume(before: ServiceState): Promise<void> {
    await this.reloadUnits();
    if (!isWanted(before)) return;
    const { active, pid } = await this.state();
    if (active !== "active" || pid !== before.pid) await this.restart();
  }

  async isEnabled(): Promise<boolean> {
    const { code } = await this.#run("systemctl", [...this.#where(), "is-enabled", unitName]);
    return code === 0;
  }

  async enable(): Promise<void> {
    await this.#do("enable", [...this.#where(), "enable", unitName]);
  }

  async disable(): Promise<void> {
    await this.#do("disable", [...this.#where(), "disable", unitName]);
  }

  async reloadUnits(): Promise<void> {
    await this.#do("reload its units", ["daemon-reload"]);
  }

  async stop(): Promise<void> {
    await this.#do("stop the service", ["stop", unitName]);
  }

  /** Starts it anew; resolves when it is up and stays up. @throws {StepFailed} */
  async restart(): Promise<void> {
    const { code, err } = await this.#run("systemctl", ["restart", unitName]);
    // Hung up with its terminal: systemd goes on all the same.
    if (code !== 0 && code !== hungUpCode) throw await this.#notUp(err.split("\n").at(-1) ?? "");
    const startMs = this.#clock.monotonicMs();
    let upSinceMs: number | null = null;
    for (;;) {
      const { active, restarts } = await this.state();
      const nowMs = this.#clock.monotonicMs();
      if (active === "failed" || restarts > 0) {
        throw await this.#notUp("it ended by itself");
      }
      upSinceMs = active === "active" ? upSinceMs ?? nowMs : null;
      if (upSinceMs !== null && nowMs - upSinceMs >= settleMs) return;
      if (nowMs - startMs >= readyMs) throw await this.#notUp(`not up after ${readyMs / 1000} s`);
      await this.#clock.delay(lookMs);
    }
  }

  async #notUp(why: string): Promise<StepFailed> {
    const args = ["--unit", unitName, "--lines", "1", "--output", "cat", "--no-pager"];
    const { out } = await this.#run("journalctl", args).catch(() => ({ out: "" }));
    const said = out === "" ? "" : `; its last words: ${out}`;
    const hint = `read what it says: journalctl -u ${unitName} -n 50`;
    return new StepFailed(`start the service: ${why}${said}`, hint);
  }

  async #do(what: string, args: readonly string[]): Promise<void> {
    await must(this.#run, "systemctl", args, `see why systemd could not ${what}: journalctl -xe`);
  }

  #where(): string[] {
    return this.#target.root === "" ? [] : [`--root=${this.#target.root}`];
  }
}
