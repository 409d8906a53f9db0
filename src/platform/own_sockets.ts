// What Deno cannot do with sockets that it has opened. It does not say which descriptor is whose: a
// connection's is known by the ports at its two ends.

import type { Libc } from "./libc.ts";
import { decodeSocketAddress, socketAddressBytes, type SocketEnd } from "./socket_address.ts";
import { SystemError } from "./system_error.ts";

const symbols = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
} as const;

const SHUT_RDWR = 2;

export interface SocketOption {
  readonly level: number;
  readonly name: number;
}

/** A TCP connection of this process. */
export interface OwnConnection {
  readonly fd: number;
  /** At the other end. */
  readonly peer: SocketEnd;
}

type ConnEnds = Pick<Deno.Conn, "localAddr" | "remoteAddr">;
type Ask = (
  fd: number,
  address: Uint8Array<ArrayBuffer>,
  length: Uint8Array<ArrayBuffer>,
) => number;

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
    return this.#open().filter((fd) =>
      this.#local(fd)?.port === localAddr.port && this.#peer(fd)?.port === remoteAddr.port
    );
  }

  /** Connections with this port at our end. None when the system has no descriptor left to look with. */
  connectionsOn(port: number): OwnConnection[] {
    return this.#open().flatMap((fd) => {
      const peer = this.#local(fd)?.port === port ? this.#peer(fd) : null;
      return peer === null ? [] : [{ fd, peer }];
    });
  }

  /** Ends a connection, unless its descriptor is another's meanwhile. */
  end({ fd, peer: { ip, port } }: OwnConnection): void {
    const now = this.#peer(fd);
    if (now?.port === port && now.ip === ip) this.shutDown(fd);
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

  #local(fd: number): SocketEnd | null {
    return endOf(this.#library.symbols.getsockname, fd);
  }

  #peer(fd: number): SocketEnd | null {
    return endOf(this.#library.symbols.getpeername, fd);
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

function endOf(ask: Ask, fd: number): SocketEnd | null {
  const address = new Uint8Array(socketAddressBytes);
  const length = new Uint8Array(new Uint32Array([socketAddressBytes]).buffer);
  return ask(fd, address, length) === 0 ? decodeSocketAddress(address) : null;
}
