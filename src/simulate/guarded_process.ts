// A program as a child that does not outlive us: demos and tests start servers, and one that
// stays behind holds its port and its files against the next run.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./program_path.ts";

const keptLogLines = 200;

export interface GuardedProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Gets the lines that the program writes to standard error; only the last 200 stay. */
  readonly log: string[];
}

/**
 * Where util-linux is installed the kernel kills the child when this process ends, however it
 * ends; elsewhere only an orderly exit does. The child has a session of its own, so that
 * Ctrl-C reaches us alone and we can finish our work first.
 */
export class GuardedProcess {
  /** Resolves when the process has ended and its log is complete. */
  readonly ended: Promise<void>;
  readonly #child: Deno.ChildProcess;
  #running = true;
  readonly #killOnUnload = (): void => this.send("SIGKILL");

  constructor(options: GuardedProcessOptions) {
    const setsid = findProgram("setsid");
    const setpriv = findProgram("setpriv");
    const [program, args] = setsid === undefined || setpriv === undefined
      ? [options.program, []]
      : [setsid, [setpriv, "--pdeathsig", "KILL", "--", options.program]];
    this.#child = new Deno.Command(program, {
      args: [...args, ...options.args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    globalThis.addEventListener("unload", this.#killOnUnload);
    this.ended = this.#follow(options.log);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Does nothing when the process has ended. */
  send(signal: Deno.Signal): void {
    if (!this.#running) return;
    try {
      this.#child.kill(signal);
    } catch (cause) {
      // It ended by itself a moment ago: `ended` is about to say so.
      if (!(cause instanceof TypeError || cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }

  /** SIGSTOP; resolves when the kernel has stopped the last thread. */
  async pause(): Promise<void> {
    this.send("SIGSTOP");
    while (this.#running && !this.#isStopped()) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async #follow(log: string[]): Promise<void> {
    let unfinished = "";
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (unfinished + text).split("\n");
      unfinished = lines.pop() ?? "";
      log.push(...lines);
      if (log.length > keptLogLines) log.splice(0, log.length - keptLogLines);
    }
    await this.#child.status;
    this.#running = false;
    globalThis.removeEventListener("unload", this.#killOnUnload);
  }

  #isStopped(): boolean {
    const tasks = `/proc/${this.#child.pid}/task`;
    try {
      return readdirSync(tasks).every((task) =>
        readFileSync(join(tasks, task, "stat"), "latin1").includes(") T ")
      );
    } catch (cause) {
      // A thread, or the whole process, ended while it was looked at.
      if (!existsSync(tasks)) return true;
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false;
      throw cause;
    }
  }
}
