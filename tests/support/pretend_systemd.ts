// systemd for a system below a folder: the answers of systemctl, with a real process of the executable
// that is installed there. Everything else that installing runs is really run.

import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type Ran, runSystemProgram } from "../../src/install/programs.ts";
import { executablePath, unitName } from "../../src/install/system_files.ts";
import { findProgram } from "../../src/simulate/program_path.ts";

const wants = `/etc/systemd/system/multi-user.target.wants`;

export class PretendSystemd implements AsyncDisposable {
  /** What was asked for, without the questions: `start`, `daemon-reload`, `udevadm trigger …`. */
  readonly log: string[] = [];
  /** Whether the service's user may open no port. */
  deniesPorts = false;
  readonly #root: string;
  #child: Deno.ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #isUp = false;
  #restarts = 0;
  #knownUnit: string | undefined;
  #startedUnit: string | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  get pid(): number {
    return this.#isUp ? this.#child?.pid ?? 0 : 0;
  }

  /** The unit as it was last read, when the service was started. */
  get startedUnit(): string | undefined {
    return this.#isUp ? this.#startedUnit : undefined;
  }

  /** Stands for `runSystemProgram`. */
  readonly run = async (program: string, args: readonly string[]): Promise<Ran> => {
    const done: Ran = { code: 0, out: "", err: "" };
    switch (program) {
      case "systemctl":
        return await this.#systemctl(args.filter((arg) => !arg.startsWith("--root")));
      case "systemd-sysusers":
      case "userdel":
      case "groupdel":
        return await runSystemProgram(program, args);
      case "journalctl":
        return { ...done, out: "the last thing it said" };
      case "setpriv":
        return { ...done, code: this.deniesPorts ? 1 : 0 };
      default:
        this.log.push([program, ...args].join(" "));
        return done;
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #systemctl([verb = "", ...args]: readonly string[]): Promise<Ran> {
    const link = join(this.#root, wants, unitName);
    const ran = (code: number, out = ""): Ran => ({ code, out, err: "" });
    switch (verb) {
      case "show": {
        const active = this.#isUp ? "active" : "inactive";
        return ran(0, `ActiveState=${active}\nMainPID=${this.pid}\nNRestarts=${this.#restarts}`);
      }
      case "is-enabled":
        return ran(existsSync(link) ? 0 : 1);
    }
    this.log.push(verb);
    switch (verb) {
      case "enable":
        mkdirSync(join(this.#root, wants), { recursive: true });
        symlinkSync(`../${unitName}`, link);
        return ran(0);
      case "disable":
        rmSync(link, { force: true });
        return ran(0);
      case "stop":
        await this.#stop();
        return ran(0);
      case "restart":
        await this.#stop();
        await this.#start();
        return ran(0);
      case "daemon-reload":
        this.#knownUnit = this.#readUnit();
        return ran(0);
      default:
        throw new Error(`pretend systemctl ${verb} ${args.join(" ")}: not known`);
    }
  }

  #readUnit(): string | undefined {
    const file = join(this.#root, "/etc/systemd/system", unitName);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  async #start(): Promise<void> {
    this.#restarts = 0;
    this.#isUp = true;
    this.#startedUnit = this.#knownUnit;
    const program = join(this.#root, executablePath);
    const child = new Deno.Command(program, { args: ["600"] }).spawn();
    this.#child = child;
    this.#ended = child.status.then(() => {
      this.#isUp = false;
      this.#restarts++;
    });
    const endsAtOnce = readFileSync(findProgram("false") ?? "").equals(readFileSync(program));
    if (endsAtOnce) await this.#ended;
  }

  async #stop(): Promise<void> {
    if (this.#isUp) this.#child?.kill("SIGKILL");
    await this.#ended;
  }
}
