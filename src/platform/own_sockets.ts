// What Deno cannot do with sockets that it has opened. It does not say which descriptor is whose: a
// connection's is known by the ports at its two ends.

import type { Libc } from "./libc.ts";
import { SystemError } from "./system_error.ts";

const symbols = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
} as const;

const AF_INET = 2;
const AF_INET6 = 10;
/** Of a `struct sockaddr_in6`, the longest that has a port. */
const addressBytes = 28;
const SHUT_RDWR = 2;

export interface SocketOption {
  readonly level: number;
  readonly name: number;
}

type ConnEnds = Pick<Deno.Conn, "localAddr" | "remoteAddr">;

export class OwnSockets implements Disposable {
  readonly #library = Deno.dlopen("libc.so.6", symbols);
  readonly #libc: Libc;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /**
   * Descriptors of this process with the connection's ports at their ends: one, as a rule. None when
   * the system has no descriptor left to look with.
   */
  descriptorsOf({ localAddr, remoteAddr }: ConnEnds): number[] {
    if (!("port" in localAddr) || !("port" in remoteAddr)) return [];
    const { getsockname, getpeername } = this.#library.symbols;
    return this.#open().filter((fd) =>
      port(getsockname, fd) === localAddr.port && port(getpeername, fd) === remoteAddr.port
    );
  }

  /** A descriptor that is gone meanwhile needs no option. */
  set(fd: number, { level, name }: SocketOption, value: number): void {
    const bytes = new Uint8Array(new Int32Array([value]).buffer);
    this.#library.symbols.setsockopt(fd, level, name, bytes, bytes.length);
  }

  /** Ends a connection in both directions, whoever still waits for something on it. */
  shutDown(fd: number): void {
    this.#library.symbols.shutdown(fd, SHUT_RDWR);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }

  #open(): number[] {
    try {
      return this.#libc.list("/proc/self/fd").map(Number);
    } catch (error) {
      if (error instanceof SystemError) return [];
      throw error;
    }
  }
}

function port(
  ask: (fd: number, address: Uint8Array<ArrayBuffer>, length: Uint8Array<ArrayBuffer>) => number,
  fd: number,
): number | null {
  const address = new Uint8Array(addressBytes);
  const length = new Uint8Array(new Uint32Array([addressBytes]).buffer);
  if (ask(fd, address, length) !== 0) return null;
  const view = new DataView(address.buffer);
  const family = view.getUint16(0, true);
  return family === AF_INET || family === AF_INET6 ? view.getUint16(2) : null;
}
