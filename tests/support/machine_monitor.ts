// The monitor of a running qemu: what a hand at the machine could do, and a look into its chips.
// Spoken is QMP, JSON lines; QEMU's documentation has it under "QEMU Machine Protocol".

import { LineSocket } from "./line_socket.ts";

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

export class MachineMonitor implements Disposable {
  readonly #socket: LineSocket;

  private constructor(socket: LineSocket) {
    this.#socket = socket;
  }

  static async connect(path: string): Promise<MachineMonitor> {
    const socket = await LineSocket.connect(path);
    await socket.readLine({ what: "the monitor's greeting" });
    const monitor = new MachineMonitor(socket);
    await monitor.execute("qmp_capabilities");
    return monitor;
  }

  /** What the command returns; events that come in between are passed over. @throws {Error} */
  async execute(
    command: string,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<unknown> {
    await this.#socket.send(JSON.stringify({ execute: command, arguments: options }));
    for (;;) {
      const line = await this.#socket.readLine({ what: `the monitor's answer to ${command}` });
      const { return: value, error }: Answer = JSON.parse(line);
      if (error !== undefined) throw new Error(`tell the monitor ${command}: ${error.desc}`);
      if (value !== undefined) return value;
    }
  }

  /** A byte from the machine's I/O space. */
  async inputByte(port: number): Promise<number> {
    const text = await this.#type(`i /b ${port}`);
    const value = /= 0x([0-9a-f]{2})/.exec(text)?.[1];
    if (value === undefined) throw new Error(`read I/O port ${port}: ${text}`);
    return parseInt(value, 16);
  }

  /** A byte into the machine's I/O space. */
  async outputByte(port: number, value: number): Promise<void> {
    await this.#type(`o /b ${port} ${value}`);
  }

  /** Does something while no processor of the machine runs and its clock stands. */
  async whileStopped<T>(action: () => Promise<T>): Promise<T> {
    await this.execute("stop");
    try {
      return await action();
    } finally {
      await this.execute("cont");
    }
  }

  /** A command of the older, human monitor; most of them answer nothing when they succeed. */
  async #type(line: string): Promise<string> {
    return String(await this.execute("human-monitor-command", { "command-line": line })).trim();
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
