// What a command may do to the outside: print data, print messages, set the exit code. Passed in,
// so that a command can be tested without a process.

export interface Terminal {
  /** Writes a line of data, to standard output. */
  out(line: string): void;
  /** Writes a line of messages, to standard error. */
  err(line: string): void;
  /** Sets the exit code; the command returns by itself. */
  exit(code: number): void;
  /** Whether people with a colour screen read it. */
  readonly outInColor: boolean;
  readonly errInColor: boolean;
}

/** Exit codes, the same for every command. */
export const exitCodes = { ok: 0, failed: 1, badConfig: 2, alreadyRunning: 3 };

/** The terminal of this process. NO_COLOR, when set, turns colours off. */
export function processTerminal(): Terminal {
  return {
    out: (line) => unlessClosed(() => console.log(line)),
    err: (line) => unlessClosed(() => console.error(line)),
    exit: (code) => {
      Deno.exitCode = code;
    },
    outInColor: !Deno.noColor && Deno.stdout.isTerminal(),
    errInColor: !Deno.noColor && Deno.stderr.isTerminal(),
  };
}

/** Prints; a reader that has gone away, such as `head` or a lost ssh session, is no error. */
function unlessClosed(print: () => void): void {
  try {
    print();
  } catch (error) {
    const isGone = error instanceof Deno.errors.BrokenPipe ||
      (error instanceof Error && "code" in error && error.code === "EIO");
    if (!isGone) throw error;
  }
}

export function bold(text: string, inColor: boolean): string {
  return inColor ? `\x1b[1m${text}\x1b[22m` : text;
}

export function red(text: string, inColor: boolean): string {
  return inColor ? `\x1b[31m${text}\x1b[39m` : text;
}
