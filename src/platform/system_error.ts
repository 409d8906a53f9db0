// Errors of the C library's calls, by the names that manuals use.

const errnoNames: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  9: "EBADF",
  11: "EAGAIN",
  13: "EACCES",
  16: "EBUSY",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  24: "EMFILE",
  25: "ENOTTY",
  28: "ENOSPC",
  30: "EROFS",
};

/** A system call that failed. `code` is the errno's name, such as `ENOENT`. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;

  /** The one that has just happened; `location` is what `__errno_location` returns. */
  static last(location: Deno.PointerValue, call: string, subject: string): SystemError {
    const errno = location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
    return new SystemError(call, subject, errno);
  }

  constructor(call: string, subject: string, readonly errno: number) {
    const code = errnoNames[errno] ?? `errno ${errno}`;
    super(`${call}: ${subject}: ${code}`);
    this.code = code;
  }
}
