// A command of `nectarcollector` as a process of its own, to which signals can be sent.

import { collectorCommand } from "./collector_process.ts";
import { waitFor } from "./wait_for.ts";

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `await using bench = new CommandProcess("simulate", ["--folder", folder.path]);` */
export class CommandProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #end: Promise<ProcessEnd>;
  #out = "";
  #err = "";
  #ended = false;

  /** `env` is added to what it would have anyway. */
  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    const [program = "", ...programArgs] = collectorCommand();
    this.#child = new Deno.Command(program, {
      args: [...programArgs, command, ...args],
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1", ...env },
    }).spawn();
    this.#end = this.#follow();
  }

  /** Whether it has ended and all that it wrote was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What it has written to standard output so far. */
  get said(): string {
    return this.#out;
  }

  /** Resolves when it has written to standard error what matches. */
  async says(pattern: RegExp): Promise<void> {
    await waitFor(`${pattern}, after: ${this.#err}`, () => pattern.test(this.#err), {
      timeoutMs: 30_000,
    });
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Resolves when it has ended by itself or after a signal. */
  async end(): Promise<ProcessEnd> {
    return await this.#end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.signal("SIGKILL");
    await this.#end;
  }

  async #follow(): Promise<ProcessEnd> {
    const [{ code }] = await Promise.all([
      this.#child.status,
      read(this.#child.stdout, (text) => this.#out += text),
      read(this.#child.stderr, (text) => this.#err += text),
    ]);
    this.#ended = true;
    return { code, out: this.#out, err: this.#err };
  }
}

async function read(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}
