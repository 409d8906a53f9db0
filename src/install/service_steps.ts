// The last steps, which only a running system can take: systemd reads its files anew, the service is
// enabled, and runs.

import { visible } from "../source/serial/device_holder.ts";
import type { Libc } from "../platform/libc.ts";
import type { InstalledFile } from "./installed_file.ts";
import type { RunProgram } from "./programs.ts";
import type { Step } from "./step.ts";
import { unitName } from "./system_files.ts";
import type { Systemd } from "./systemd.ts";

/** systemd, udev and the kernel know the files. Taken back by `resume`, when they are as before. */
export class FilesKnown implements Step {
  readonly goal = "systemd, udev and the kernel know these files";
  readonly #files: readonly InstalledFile[];
  readonly #systemd: Systemd;
  readonly #run: RunProgram;
  readonly #wasInterrupted: boolean;

  constructor({ files, systemd, run, wasInterrupted }: {
    readonly files: readonly InstalledFile[];
    readonly systemd: Systemd;
    readonly run: RunProgram;
    /** Whether files may have been changed since they were read, by whom can no longer be told. */
    readonly wasInterrupted: boolean;
  }) {
    this.#files = files;
    this.#systemd = systemd;
    this.#run = run;
    this.#wasInterrupted = wasInterrupted;
  }

  async look(): Promise<readonly string[]> {
    const isKnown = !this.#wasInterrupted &&
      !this.#files.some((file) => file.applied || file.look().length > 0) &&
      !(await this.#systemd.state()).isStale;
    return isKnown ? [] : ["let systemd and udev read their files anew, load the modules"];
  }

  async apply(): Promise<void> {
    await this.#systemd.reloadUnits();
    // A machine without udev, or without these modules, has no adapters to plug in.
    await this.#attempt("udevadm", ["control", "--reload"]);
    await this.#attempt("udevadm", ["trigger", "--subsystem-match=tty"]);
    await this.#attempt("modprobe", ["--all", "--quiet", "usbserial", "cdc_acm"]);
  }

  undo(): void {}

  async #attempt(program: string, args: readonly string[]): Promise<void> {
    await this.#run(program, args).catch(() => null);
  }
}

export class Enabled implements Step {
  readonly goal = "the service starts with the machine";
  readonly #systemd: Systemd;

  constructor(systemd: Systemd) {
    this.#systemd = systemd;
  }

  async look(): Promise<readonly string[]> {
    return await this.#systemd.isEnabled() ? [] : [`enable ${unitName}`];
  }

  async apply(): Promise<void> {
    await this.#systemd.enable();
  }

  async undo(): Promise<void> {
    await this.#systemd.disable();
  }
}

export class Running implements Step {
  readonly goal = "the service runs";
  readonly #systemd: Systemd;
  readonly #libc: Libc;
  readonly #executable: string;
  readonly #files: readonly InstalledFile[];
  readonly #wasInterrupted: boolean;
  #wasActive = false;

  /** `files` are those that it reads when it starts. */
  constructor({ systemd, libc, executable, files, wasInterrupted }: {
    readonly systemd: Systemd;
    readonly libc: Libc;
    readonly executable: string;
    readonly files: readonly InstalledFile[];
    /** Whether files may have been changed since it was started, by whom can no longer be told. */
    readonly wasInterrupted: boolean;
  }) {
    this.#systemd = systemd;
    this.#libc = libc;
    this.#executable = executable;
    this.#files = files;
    this.#wasInterrupted = wasInterrupted;
  }

  async look(): Promise<readonly string[]> {
    const { active, pid } = await this.#systemd.state();
    this.#wasActive = active === "active";
    if (!this.#wasActive) return [`start ${unitName}`];
    const isOther = this.#wasInterrupted ||
      this.#files.some((file) => file.applied || file.look().length > 0) ||
      !this.#runsInstalled(pid);
    return isOther ? [`start ${unitName} anew`] : [];
  }

  async apply(): Promise<void> {
    await this.#systemd.restart();
  }

  async undo(): Promise<void> {
    if (!this.#wasActive) await this.#systemd.stop();
  }

  /** Whether the process runs the file that is there now: a replaced one is called deleted. */
  #runsInstalled(pid: number): boolean {
    const program = visible(() => this.#libc.readLink(`/proc/${pid}/exe`));
    return program === this.#executable;
  }
}
