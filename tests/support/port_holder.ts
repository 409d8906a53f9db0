// Run as a program: opens the serial port that it is given as the collector does, says so on
// standard output, and holds it until standard input ends.

import { Libc } from "../../src/platform/libc.ts";
import { SerialPort } from "../../src/source/serial/serial_port.ts";

if (import.meta.main) {
  using libc = new Libc();
  const port = SerialPort.open(libc, Deno.args[0] ?? "", {
    baudRate: 9600,
    dataBits: 8,
    parity: "none",
    stopBits: 1,
    flowControl: false,
  });
  console.log("held");
  for await (const _ of Deno.stdin.readable);
  port.close();
}

/** Another process that has the port open and locked, until the holder is disposed of. */
export class PortHolder implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  static async start(path: string): Promise<PortHolder> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-lock", "--allow-ffi", import.meta.filename ?? "", path],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    if (value === undefined) throw new Error(`hold ${path}: the child ended`);
    return new PortHolder(child);
  }

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** SIGKILL: the port is not given back in order. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.status;
  }
}
