// The far end of an emulated UART's line: a socket on which qemu speaks telnet, which has a sign for
// a break. qemu carries characters, not levels: no parity is ever wrong here, and no stop bit missing.

import { waitForValue } from "./wait_for.ts";

const IAC = 0xff;
const BREAK = 0xf3;

export class TelnetWire implements Disposable {
  readonly #connection: Deno.UnixConn;

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  /** Waits until qemu listens there. */
  static async connect(path: string): Promise<TelnetWire> {
    return new TelnetWire(
      await waitForValue(
        `a UART at ${path}`,
        () => Deno.connect({ transport: "unix", path }),
        () => true,
      ),
    );
  }

  /** Resolves when all has left; the UART takes no more than it has room for, at any speed. */
  async send(bytes: Uint8Array): Promise<void> {
    await this.#write(
      Uint8Array.from([...bytes].flatMap((byte) => byte === IAC ? [IAC, IAC] : byte)),
    );
  }

  /**
   * The line low for longer than a character. qemu does not keep it in its place between characters:
   * send one only when all that was sent before has arrived.
   */
  async sendBreak(): Promise<void> {
    await this.#write(Uint8Array.of(IAC, BREAK));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }
}
