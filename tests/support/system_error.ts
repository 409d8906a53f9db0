// The errors of a simulated file system, made like those that Deno throws for the real one.

const texts = {
  ENOENT: "No such file or directory (os error 2)",
  EIO: "Input/output error (os error 5)",
  EEXIST: "File exists (os error 17)",
  EXDEV: "Invalid cross-device link (os error 18)",
  ENOTDIR: "Not a directory (os error 20)",
  EISDIR: "Is a directory (os error 21)",
  EINVAL: "Invalid argument (os error 22)",
  ENOSPC: "No space left on device (os error 28)",
  EROFS: "Read-only file system (os error 30)",
  ENOTEMPTY: "Directory not empty (os error 39)",
} as const;

export type SystemErrorCode = keyof typeof texts;

/** Constructors measured on Deno 2.9.6. */
function constructorOf(code: SystemErrorCode): new (message: string) => Error {
  switch (code) {
    case "ENOENT":
      return Deno.errors.NotFound;
    case "EEXIST":
      return Deno.errors.AlreadyExists;
    case "ENOTDIR":
      return Deno.errors.NotADirectory;
    case "EISDIR":
      return Deno.errors.IsADirectory;
    case "EINVAL":
      return TypeError;
    case "EIO":
    case "EXDEV":
    case "ENOSPC":
    case "EROFS":
    case "ENOTEMPTY":
      return Error;
  }
}

/** What Deno throws when the system answers `code`; `what` names the call and the path. */
export function systemError(code: SystemErrorCode, what: string): Error {
  const made = new (constructorOf(code))(`${texts[code]}: ${what}`);
  return Object.assign(made, { code });
}
