// The C library's calls that Deno has no counterpart for: terminals, locks, poll; and files below
// /proc, /sys and /dev, which Deno's own calls refuse under anything less than --allow-all.
// Everything that touches a file descriptor by number goes through here, so that the rest of the
// program sees promises, bytes and errors with a name.

import { SystemError } from "./system_error.ts";

const symbols = {
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["buffer", "usize"], result: "i32" },
  unlink: { parameters: ["buffer"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  inotify_init1: { parameters: ["i32"], result: "i32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  realpath: { parameters: ["buffer", "buffer"], result: "pointer" },
  eaccess: { parameters: ["buffer", "i32"], result: "i32" },
  opendir: { parameters: ["buffer"], result: "pointer" },
  readdir: { parameters: ["pointer"], result: "pointer" },
  closedir: { parameters: ["pointer"], result: "i32" },
  // Since glibc 2.28.
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32", optional: true },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** Flags of open(2), Linux x86-64 and arm64. */
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_NOCTTY = 0o400;
export const O_NONBLOCK = 0o4000;
export const O_NOFOLLOW = 0o400000;
export const O_CLOEXEC = 0o2000000;

/** Operations of flock(2). */
export const LOCK_EX = 2;
export const LOCK_NB = 4;

/** Events of inotify(7): an entry of a folder was made, moved in, or changed its permissions. */
export const IN_ATTRIB = 0x4;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;

/** Events of poll(2). */
export const POLLIN = 0x001;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;

const AT_FDCWD = -100;
/** Type, mode, user and group. */
const STATX_OWNERSHIP = 0x1b;

const R_OK_W_OK = 6;

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;

/** PATH_MAX. */
const pathBytes = 4096;

/** Of `d_name` in glibc's `struct dirent` on 64-bit machines. */
const direntNameOffset = 19;

/** Whose a file is, and what it is. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** Its type and who may do what with it, as `st_mode` has it. */
  readonly mode: number;
  /** Of a device: its driver's number, and its own. */
  readonly device: { readonly major: number; readonly minor: number };
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${text}\0`));
}

/** One bound copy of the C library. Open it once at start and hand it to whoever needs it. */
export class Libc implements Disposable {
  readonly #library = Deno.dlopen("libc.so.6", symbols);

  /** Opens `path`; O_CLOEXEC is always added. @throws {SystemError} */
  open(path: string, flags: number, mode = 0o640): number {
    const fd = this.#library.symbols.open(cString(path), flags | O_CLOEXEC, mode);
    if (fd < 0) throw this.#error("open", path);
    return fd;
  }

  /** @throws {SystemError} */
  close(fd: number): void {
    if (this.#library.symbols.close(fd) < 0) throw this.#error("close", `fd ${fd}`);
  }

  /** Bytes read into `buffer`, 0 at end of file or when nothing waits. @throws {SystemError} */
  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number | "would block" {
    const count = Number(this.#library.symbols.read(fd, buffer, BigInt(buffer.length)));
    return count < 0 ? this.#wouldBlock("read", fd) : count;
  }

  /** Bytes taken from the start of `buffer`. @throws {SystemError} */
  write(fd: number, buffer: Uint8Array<ArrayBuffer>): number | "would block" {
    const count = Number(this.#library.symbols.write(fd, buffer, BigInt(buffer.length)));
    return count < 0 ? this.#wouldBlock("write", fd) : count;
  }

  /** Cuts or extends a file to `length` bytes. @throws {SystemError} */
  truncate(fd: number, length: number): void {
    if (this.#library.symbols.ftruncate(fd, BigInt(length)) < 0) {
      throw this.#error("ftruncate", `fd ${fd}`);
    }
  }

  /**
   * Reserves room for the first `length` bytes of a file, so that storing there cannot fail. What it
   * holds stays; it becomes as long if it was shorter. @throws {SystemError}
   */
  allocate(fd: number, length: number): void {
    if (this.#library.symbols.fallocate(fd, 0, 0n, BigInt(length)) < 0) {
      throw this.#error("fallocate", `fd ${fd}`);
    }
  }

  /** @throws {SystemError} */
  unlink(path: string): void {
    if (this.#library.symbols.unlink(cString(path)) < 0) throw this.#error("unlink", path);
  }

  /**
   * The first `length` bytes of a file as memory: what is stored there is in the file at once, also
   * when the process is killed in the next moment. Give it back with `unmap`. @throws {SystemError}
   */
  map(fd: number, length: number): Uint8Array<ArrayBuffer> {
    const { mmap } = this.#library.symbols;
    const address = mmap(null, BigInt(length), PROT_READ_WRITE, MAP_SHARED, fd, 0n);
    if (address === null || Deno.UnsafePointer.value(address) === MAP_FAILED) {
      throw this.#error("mmap", `fd ${fd}`);
    }
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(address, length));
  }

  /** Nothing may touch the memory afterwards. @throws {SystemError} */
  unmap(memory: Uint8Array<ArrayBuffer>): void {
    if (this.#library.symbols.munmap(memory, BigInt(memory.length)) < 0) {
      throw this.#error("munmap", `${memory.length} bytes`);
    }
  }

  /** ioctl(2) with a pointer argument. @throws {SystemError} */
  ioctl(fd: number, request: number, argument: Uint8Array<ArrayBuffer> | null): void {
    if (this.#library.symbols.ioctl(fd, BigInt(request), argument) < 0) {
      throw this.#error("ioctl", `0x${request.toString(16)}`);
    }
  }

  /** Takes an advisory lock without waiting; false when somebody else holds it. @throws {SystemError} */
  tryLock(fd: number): boolean {
    if (this.#library.symbols.flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
    const error = this.#error("flock", `fd ${fd}`);
    if (error.code === "EAGAIN") return false;
    throw error;
  }

  /** A counter that poll() can wait on; writing eight bytes wakes it. @throws {SystemError} */
  eventfd(): number {
    const fd = this.#library.symbols.eventfd(0, O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) throw this.#error("eventfd", "0");
    return fd;
  }

  /**
   * poll(2) on a thread of its own. `pollfds` holds eight bytes an entry (int32 fd, int16
   * events, int16 revents) and must not be touched until the promise settles.
   * Resolves to the number of entries with events; negative when interrupted.
   */
  poll(pollfds: Uint8Array<ArrayBuffer>, timeoutMs: number): Promise<number> {
    return this.#library.symbols.poll(pollfds, BigInt(pollfds.length / 8), timeoutMs);
  }

  /** A descriptor that becomes readable when an entry of a watched folder changes. @throws {SystemError} */
  inotify(): number {
    const fd = this.#library.symbols.inotify_init1(O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) throw this.#error("inotify_init", "");
    return fd;
  }

  /** @throws {SystemError} */
  watchFolder(inotify: number, folder: string, events: number): void {
    if (this.#library.symbols.inotify_add_watch(inotify, cString(folder), events) < 0) {
      throw this.#error("inotify_add_watch", folder);
    }
  }

  /** What a symbolic link says. @throws {SystemError} */
  readLink(path: string): string {
    const buffer = new Uint8Array(pathBytes);
    const count = Number(
      this.#library.symbols.readlink(cString(path), buffer, BigInt(buffer.length)),
    );
    if (count < 0) throw this.#error("readlink", path);
    return new TextDecoder().decode(buffer.subarray(0, count));
  }

  /** The path with all links followed. @throws {SystemError} */
  realPath(path: string): string {
    const buffer = new Uint8Array(pathBytes);
    if (this.#library.symbols.realpath(cString(path), buffer) === null) {
      throw this.#error("realpath", path);
    }
    return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
  }

  /** Whether this process may open a file to read and write. It is not opened. */
  mayUse(path: string): boolean {
    return this.#library.symbols.eaccess(cString(path), R_OK_W_OK) === 0;
  }

  /** Of what a path leads to; `null` where the C library cannot tell. @throws {SystemError} */
  ownershipOf(path: string): Ownership | null {
    const { statx } = this.#library.symbols;
    if (statx === null) return null;
    const result = new Uint8Array(256);
    if (statx(AT_FDCWD, cString(path), 0, STATX_OWNERSHIP, result) < 0) {
      throw this.#error("statx", path);
    }
    const view = new DataView(result.buffer);
    return {
      uid: view.getUint32(20, true),
      gid: view.getUint32(24, true),
      mode: view.getUint16(28, true),
      device: { major: view.getUint32(128, true), minor: view.getUint32(132, true) },
    };
  }

  /** The group that a file belongs to; `null` where the C library cannot tell. @throws {SystemError} */
  groupOf(path: string): number | null {
    return this.ownershipOf(path)?.gid ?? null;
  }

  /** Names in a folder, without `.` and `..`. @throws {SystemError} */
  list(folder: string): string[] {
    const stream = this.#library.symbols.opendir(cString(folder));
    if (stream === null) throw this.#error("opendir", folder);
    const names: string[] = [];
    for (;;) {
      const entry = this.#library.symbols.readdir(stream);
      if (entry === null) break;
      names.push(new Deno.UnsafePointerView(entry).getCString(direntNameOffset));
    }
    this.#library.symbols.closedir(stream);
    return names.filter((name) => name !== "." && name !== "..");
  }

  /** The start of a file. Files below /proc come in parts. @throws {SystemError} */
  readText(path: string, maxBytes = 4096): string {
    const fd = this.open(path, O_RDONLY);
    try {
      const buffer = new Uint8Array(maxBytes);
      let length = 0;
      while (length < maxBytes) {
        const count = this.read(fd, buffer.subarray(length));
        if (count === "would block" || count === 0) break;
        length += count;
      }
      return new TextDecoder().decode(buffer.subarray(0, length));
    } finally {
      this.close(fd);
    }
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }

  #wouldBlock(call: string, fd: number): "would block" {
    const error = this.#error(call, `fd ${fd}`);
    if (error.code === "EAGAIN") return "would block";
    throw error;
  }

  #error(call: string, subject: string): SystemError {
    return SystemError.last(this.#library.symbols.__errno_location(), call, subject);
  }
}
