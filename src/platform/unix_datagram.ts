// Sends one datagram to a unix socket, with open descriptors where they are to be handed over. Deno
// can do the first under an unstable flag only, and the second not at all.

import { SystemError } from "./system_error.ts";

const symbols = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Of `struct sockaddr_un`: the family and 108 bytes of path. */
const familyBytes = 2;
const pathBytes = 108;
/** Of `struct msghdr`, `struct iovec` and `struct cmsghdr` on 64-bit machines. */
const messageHeaderBytes = 56;
const vectorBytes = 16;
const controlHeaderBytes = 16;

export class UnixDatagram implements Disposable {
  readonly #library = Deno.dlopen("libc.so.6", symbols);
  readonly #fd: number;
  readonly #path: string;

  /**
   * `path` is the receiver's; one that begins with `@` is in the abstract namespace.
   * @throws {SystemError} @throws {RangeError} when it is too long
   */
  constructor(path: string) {
    this.#path = path;
    if (addressOf(path).length > familyBytes + pathBytes) throw new RangeError(`${path}: too long`);
    this.#fd = this.#library.symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) throw this.#error("socket");
  }

  /** Sends without waiting. The receiver gets copies of `fds`. @throws {SystemError} */
  send(text: string, fds: readonly number[] = []): void {
    const address = addressOf(this.#path);
    const bytes = new Uint8Array(new TextEncoder().encode(text));
    const vector = new BigUint64Array([addressIn(bytes), BigInt(bytes.length)]);
    const control = rights(fds);
    // The kernel reads these through bare addresses, which keep nothing from being collected.
    const inUse = [address, bytes, vector, control];
    const header = new DataView(new ArrayBuffer(messageHeaderBytes));
    header.setBigUint64(0, addressIn(address), true);
    header.setUint32(8, address.length, true);
    header.setBigUint64(16, addressIn(new Uint8Array(vector.buffer, 0, vectorBytes)), true);
    header.setBigUint64(24, 1n, true);
    if (control.length > 0) {
      header.setBigUint64(32, addressIn(control), true);
      header.setBigUint64(40, BigInt(control.length), true);
    }
    const { sendmsg } = this.#library.symbols;
    const message = new Uint8Array(header.buffer);
    const sent = sendmsg(this.#fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    inUse.length = 0;
    if (sent < 0n) throw this.#error("sendmsg");
  }

  [Symbol.dispose](): void {
    this.#library.symbols.close(this.#fd);
    this.#library.close();
  }

  #error(call: string): SystemError {
    return SystemError.last(this.#library.symbols.__errno_location(), call, this.#path);
  }
}

function addressIn(bytes: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** A `struct sockaddr_un`, as long as it needs to be. */
function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const isAbstract = path.startsWith("@");
  const name = new TextEncoder().encode(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  const address = new Uint8Array(familyBytes + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, familyBytes);
  return address;
}

/** A `struct cmsghdr` that hands descriptors over; empty when there are none. */
function rights(fds: readonly number[]): Uint8Array<ArrayBuffer> {
  if (fds.length === 0) return new Uint8Array(0);
  const bytes = controlHeaderBytes + 4 * fds.length;
  // Filled up to a multiple of eight.
  const control = new Uint8Array(Math.ceil(bytes / 8) * 8);
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(bytes), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  for (const [i, fd] of fds.entries()) view.setInt32(controlHeaderBytes + 4 * i, fd, true);
  return control;
}
