// The other end of a service's notify socket: takes datagrams, and the descriptors that come with
// them, as systemd does.

import { SystemError } from "../../src/platform/system_error.ts";

const symbols = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK = 2 | 0o4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const EAGAIN = 11;

export interface ReceivedNotice {
  readonly lines: readonly string[];
  readonly fds: readonly number[];
}

export class NotifyReceiver implements Disposable {
  readonly path: string;
  readonly #library = Deno.dlopen("libc.so.6", symbols);
  readonly #fd: number;

  /** `path` as in NOTIFY_SOCKET. */
  constructor(path: string) {
    this.path = path;
    const { socket, bind } = this.#library.symbols;
    this.#fd = socket(AF_UNIX, SOCK_DGRAM_NONBLOCK, 0);
    const name = new TextEncoder().encode(path.replace(/^@/, "\0"));
    const address = new Uint8Array(2 + name.length);
    address.set([AF_UNIX, 0, ...name]);
    if (bind(this.#fd, address, address.length) < 0) throw this.#error("bind");
  }

  /** What has come and was not taken yet; `null` when there is nothing. */
  take(): ReceivedNotice | null {
    const bytes = new Uint8Array(4096);
    const control = new Uint8Array(64);
    const vector = new BigUint64Array([addressIn(bytes), BigInt(bytes.length)]);
    const header = new BigUint64Array(7);
    header.set([
      0n,
      0n,
      addressIn(new Uint8Array(vector.buffer)),
      1n,
      addressIn(control),
      BigInt(control.length),
    ]);
    const message = new Uint8Array(header.buffer);
    const count = this.#library.symbols.recvmsg(this.#fd, message, MSG_CMSG_CLOEXEC);
    if (count < 0n) {
      const error = this.#error("recvmsg");
      if (error.errno === EAGAIN) return null;
      throw error;
    }
    const text = new TextDecoder().decode(bytes.subarray(0, Number(count)));
    const controlBytes = header[5] === 0n
      ? 0
      : Number(new DataView(control.buffer).getBigUint64(0, true));
    const fds = Array.from(
      { length: Math.max(0, controlBytes - 16) / 4 },
      (_, i) => new DataView(control.buffer).getInt32(16 + 4 * i, true),
    );
    return { lines: text.split("\n"), fds };
  }

  [Symbol.dispose](): void {
    this.#library.symbols.close(this.#fd);
    this.#library.close();
  }

  #error(call: string): SystemError {
    return SystemError.last(this.#library.symbols.__errno_location(), call, this.path);
  }
}

function addressIn(bytes: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}
