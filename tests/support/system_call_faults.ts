// Errors and delays in the system calls of a process that runs already, by strace: from `begin` to the
// end of the `using` block. `requires(strace).test(…)`

import { program, type Requirement } from "./requirements.ts";
import { waitFor } from "./wait_for.ts";

export const strace: Requirement = {
  name: "strace, and leave to attach it",
  isMet: () => {
    if (!program("strace").isMet()) return false;
    const { success } = new Deno.Command("strace", { args: ["-o", "/dev/null", "true"] })
      .outputSync();
    return success;
  },
};

export interface SystemCallFaultsOptions {
  readonly pid: number;
  /** What goes behind `-e inject=`, such as `fdatasync:error=EIO`. A `when` counts per thread. */
  readonly inject: string;
  /** Only calls on these files. @default {all calls} */
  readonly paths?: readonly string[];
}

export class SystemCallFaults implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #log = "";
  #injected = 0;

  /** Resolves when it is attached to all threads that there are. */
  static async begin(options: SystemCallFaultsOptions): Promise<SystemCallFaults> {
    const faults = new SystemCallFaults(options);
    try {
      await waitFor("strace to attach", () => faults.#log.includes("attached"));
      return faults;
    } catch (error) {
      await faults[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor({ pid, inject, paths = [] }: SystemCallFaultsOptions) {
    const [calls = ""] = inject.split(":");
    const only = paths.flatMap((path) => ["-P", path]);
    const args = ["-f", ...only, "-e", `trace=${calls}`, "-e", `inject=${inject}`, "-p", `${pid}`];
    this.#child = new Deno.Command("strace", { args, stdout: "null", stderr: "piped" }).spawn();
    this.#reading = this.#read(this.#child.stderr);
  }

  /** How many calls have failed, or been delayed. */
  get injected(): number {
    return this.#injected;
  }

  /** Lets the process go on as before. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      // It ends with the process that it is attached to.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
    await this.#child.status;
    await this.#reading;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#log = (this.#log + text).slice(-2000);
      this.#injected += text.split(/\((?:INJECTED|DELAYED)\)/).length - 1;
    }
  }
}
