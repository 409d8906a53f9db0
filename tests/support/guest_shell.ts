// A root shell inside of a virtual machine, driven over its virtio console. The machine's image
// starts it (see machine_image.ts); each command runs in a bash of its own.

import { LineSocket } from "./line_socket.ts";

/** What the machine says when its shell is there, anew after each start of the system. */
export const shellGreeting = "shell ready";

export interface CommandOptions {
  /** @default {60000} */
  readonly timeoutMs?: number;
}

/** What a command came to. */
export interface CommandOutcome {
  /** Its exit code. */
  readonly status: number;
  /** Standard output and standard error, without the last line end. */
  readonly output: string;
}

export class GuestShell implements Disposable {
  readonly #socket: LineSocket;
  #commands = 0;

  constructor(socket: LineSocket) {
    this.#socket = socket;
  }

  /** Waits until the system has come so far that it has a shell. @throws {Error} */
  async ready(options: CommandOptions = {}): Promise<void> {
    while (
      (await this.#socket.readLine({ what: "the guest's shell", ...options })) !== shellGreeting
    );
  }

  /** What the command printed. @throws {Error} when it fails, with what it printed. */
  async run(command: string, options: CommandOptions = {}): Promise<string> {
    const { status, output } = await this.attempt(command, options);
    if (status === 0) return output;
    throw new Error(`run in the guest: ${command}: exit code ${status}: ${output}`);
  }

  /** Runs a command that may fail. Bash syntax; it has nothing to read. @throws {Error} */
  async attempt(command: string, options: CommandOptions = {}): Promise<CommandOutcome> {
    const mark = `@@${++this.#commands}`;
    const quoted = command.replaceAll("'", `'\\''`);
    await this.#socket.send(
      `bash -c '${quoted}' </dev/null 2>&1; code=$?; echo; echo ${mark} $code`,
    );
    const lines: string[] = [];
    for (;;) {
      const line = await this.#socket.readLine({ what: `the end of ${command}`, ...options });
      if (line.startsWith(`${mark} `)) {
        const status = Number(line.slice(mark.length + 1));
        return { status, output: lines.join("\n").replace(/\n$/, "") };
      }
      lines.push(line);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
