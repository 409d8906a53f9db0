// A machine below a folder, with serial ports and the little that installing needs of it, whose
// service can be started. `sleep` stands for an executable, and is another version with a byte more.

import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import type { InstallWorld } from "../../src/cli/install_options.ts";
import type { InstallTools } from "../../src/install/installation.ts";
import { Target } from "../../src/install/target.ts";
import { type Clock, systemClock } from "../../src/platform/clock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { findProgram } from "../../src/simulate/program_path.ts";
import { RecordingTerminal } from "../cli/recording_terminal.ts";
import { PortTree } from "./port_tree.ts";
import { PretendSystemd } from "./pretend_systemd.ts";
import { program, type Requirement } from "./requirements.ts";

/** Also who has no root may try it; but only root makes owners. */
export const installNeeds: readonly Requirement[] = [
  { name: "root", isMet: () => Deno.uid() === 0 },
  program("systemd-sysusers"),
  program("userdel"),
];

export class InstallBox implements AsyncDisposable {
  readonly tree = new PortTree();
  readonly systemd = new PretendSystemd(this.tree.root);
  readonly target = new Target(this.tree.root, true);
  readonly libc = new Libc();
  /** The executable that `install` is run from. */
  readonly executable = this.path("/media/nectarcollector");

  constructor() {
    mkdirSync(this.path("/etc"), { recursive: true });
    mkdirSync(this.path("/media"));
    mkdirSync(this.path("/run/systemd/system"), { recursive: true });
    writeFileSync(this.path("/etc/group"), "root:x:0:\ndialout:x:20:\n");
    this.bring("a version");
  }

  get tools(): InstallTools {
    const { target, libc, systemd: { run } } = this;
    return { target, run, clock: hastyClock(), libc, wasInterrupted: false };
  }

  /** For the commands. */
  get world(): InstallWorld {
    const { target, run, clock } = this.tools;
    return { target, run, clock, executable: this.executable };
  }

  path(absolute: string): string {
    return `${this.tree.root}${absolute}`;
  }

  /** Every file of the machine, with what it is and holds. */
  contents(): string[] {
    const names = readdirSync(this.path("/"), { recursive: true, encoding: "utf8" });
    return names.filter((name) => !/^(dev|sys)\b|\.pwd\.lock|shadow|(passwd|group)-$/.test(name))
      .sort().map((name) => {
        const { mode, uid, gid } = statSync(this.path(`/${name}`), { throwIfNoEntry: false }) ??
          { mode: 0, uid: 0, gid: 0 };
        const isFile = (mode & 0o170000) === 0o100000;
        const text = isFile ? readFileSync(this.path(`/${name}`), "latin1") : "";
        return `${name} ${mode.toString(8)} ${uid}:${gid} ${text.length} ${text.slice(0, 2000)}`;
      });
  }

  /** Puts another executable where `install` is run from. */
  bring(what: "a version" | "another version" | "one that ends at once"): void {
    cpSync(
      findProgram(what === "one that ends at once" ? "false" : "sleep") ?? "",
      this.executable,
    );
    if (what === "another version") writeFileSync(this.executable, "+", { flag: "a" });
  }

  /** Runs a command, such as `install`, as it would run on this machine. */
  async run(
    makeCommand: (terminal: RecordingTerminal) => Command,
    args: readonly string[],
  ): Promise<RecordingTerminal> {
    const terminal = new RecordingTerminal();
    const whole = new Command("nectarcollector").addCommand(makeCommand(terminal));
    await whole.parseAsync([...args], { from: "user" });
    return terminal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.systemd[Symbol.asyncDispose]();
    this.libc[Symbol.dispose]();
    this.tree[Symbol.dispose]();
  }
}

/** A clock on which waiting takes hardly any time. */
function hastyClock(): Clock {
  let nowMs = 0;
  return {
    ...systemClock,
    monotonicMs: () => nowMs,
    delay: async (ms) => {
      nowMs += ms;
      await systemClock.delay(1);
    },
  };
}
