// A Unix socket over which text is spoken line by line: a virtual machine's monitor, its shell, a
// program in it. Read only when somebody waits for a line, so that nothing is under way in between.

import { waitForValue } from "./wait_for.ts";

const readBytes = 64 * 1024;

export interface LineWait {
  /** For the message when it does not come. */
  readonly what: string;
  /** @default {60000} */
  readonly timeoutMs?: number;
}

export class LineSocket {
  readonly #connection: Deno.UnixConn;
  readonly #decoder = new TextDecoder();
  readonly #buffer = new Uint8Array(readBytes);
  #unread = "";
  #open = true;

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  /** Waits until somebody listens at `path`. */
  static async connect(path: string): Promise<LineSocket> {
    const connection = await waitForValue(
      `somebody who listens at ${path}`,
      () => Deno.connect({ transport: "unix", path }),
      () => true,
    );
    return new LineSocket(connection);
  }

  async send(line: string): Promise<void> {
    const bytes = new TextEncoder().encode(`${line}\n`);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /**
   * The next line, without its end. When it does not come in time, the socket is closed: what comes
   * later would be taken for the answer to something else. @throws {Error}
   */
  async readLine({ what, timeoutMs = 60_000 }: LineWait): Promise<string> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.close();
    }, timeoutMs);
    try {
      for (;;) {
        const end = this.#unread.indexOf("\n");
        if (end >= 0) {
          const line = this.#unread.slice(0, end);
          this.#unread = this.#unread.slice(end + 1);
          return line.replace(/\r$/, "");
        }
        const count = await this.#connection.read(this.#buffer);
        if (count === null) throw new Error("the other side has ended");
        this.#unread += this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
      }
    } catch (cause) {
      const reason = late ? `nothing came in ${timeoutMs} ms` : "it broke off";
      throw new Error(`wait for ${what}: ${reason}; last was ${Deno.inspect(this.#unread)}`, {
        cause,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    if (this.#open) this.#connection.close();
    this.#open = false;
  }
}
