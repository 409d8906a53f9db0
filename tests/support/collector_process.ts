// The collector as a process of its own, as systemd runs it: started, stopped, killed. With
// NECTARCOLLECTOR in the environment that executable is tested, else the sources.

import { join } from "node:path";
import { waitFor } from "./wait_for.ts";

const root = new URL("../../", import.meta.url).pathname;

/** How `deno task start` runs the sources, or a program around them. */
export function sourceCommand(main = join(root, "src/main.ts")): string[] {
  return [
    Deno.execPath(),
    "run",
    "--v8-flags=--max-semi-space-size=2,--heap-growing-percent=40",
    "--allow-ffi",
    "--allow-read",
    "--allow-write",
    "--allow-net",
    "--allow-env",
    "--allow-sys",
    main,
  ];
}

export interface CollectorProcessOptions {
  /** A command that becomes the collector's process, such as `setpriv …`. @default {none} */
  readonly launcher?: readonly string[] | undefined;
  /** The collector. @default {the executable or the sources} */
  readonly command?: readonly string[] | undefined;
}

/** The command that is the collector, without arguments. */
export function collectorCommand(): string[] {
  const executable = Deno.env.get("NECTARCOLLECTOR");
  return executable === undefined ? sourceCommand() : [executable];
}

export class CollectorProcess implements AsyncDisposable {
  readonly #config: string;
  readonly #runtimeFolder: string;
  readonly #command: readonly string[];
  readonly #log: string[] = [];
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<void> = Promise.resolve();

  /**
   * `config` is the path of the configuration file; the runtime folder is what systemd would give it.
   * Neither needs to be there yet.
   */
  constructor(config: string, runtimeFolder: string, options: CollectorProcessOptions = {}) {
    this.#config = config;
    this.#runtimeFolder = runtimeFolder;
    const { launcher = [], command = collectorCommand() } = options;
    this.#command = [...launcher, ...command];
  }

  /** What it has written to standard error, over all its starts. */
  get log(): readonly string[] {
    return this.#log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it; resolves when it captures. @throws {Error} with its log when it does not */
  async start(): Promise<void> {
    const seen = this.#log.length;
    this.launch();
    const captures = (): boolean =>
      this.#log.slice(seen).some((line) => line.includes("capturing"));
    const child = this.#child;
    let exit: number | null = null;
    child?.status.then(({ code }) => exit = code);
    await waitFor("the collector to capture", () => captures() || exit !== null, {
      timeoutMs: 30_000,
    });
    if (captures()) return;
    await this.#reading;
    this.#child = undefined;
    throw new Error(
      `start the collector: it ended (${exit}):\n${this.#log.slice(seen).join("\n")}`,
    );
  }

  /** Starts it and does not wait. */
  launch(): void {
    const [command = "", ...args] = this.#command;
    Deno.mkdirSync(this.#runtimeFolder, { recursive: true });
    this.#child = new Deno.Command(command, {
      args: [...args, "--config", this.#config],
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1", RUNTIME_DIRECTORY: this.#runtimeFolder },
    }).spawn();
    this.#reading = this.#readLog(this.#child.stderr);
  }

  /** SIGKILL: it has no time for anything. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM; resolves to its exit code. */
  async stop(): Promise<number> {
    return await this.#end("SIGTERM");
  }

  /** Resolves to its exit code when it ends by itself. */
  async ended(): Promise<number> {
    return await this.#end(null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) await this.kill();
  }

  async #end(signal: Deno.Signal | null): Promise<number> {
    const child = this.#child;
    if (child === undefined) throw new Error("end the collector: it is not running");
    if (signal !== null) send(child, signal);
    const { code } = await child.status;
    await this.#reading;
    this.#child = undefined;
    return code;
  }

  async #readLog(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#log.push(...lines);
    }
    if (rest !== "") this.#log.push(rest);
  }
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It ended by itself a moment ago.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}
