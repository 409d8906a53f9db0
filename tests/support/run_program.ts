// Runs a program that tests need something made by, to its end, and tells what it says meanwhile.

export interface ProgramOptions {
  /** Gets the lines that it writes to standard error, as they come. */
  readonly report?: (line: string) => void;
  /** Added to ours. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** @throws {Error} when it fails, with the last lines that it wrote to standard error. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<void> {
  const { report, environment = {}, folder } = options;
  const child = new Deno.Command(program, {
    args: [...args],
    env: { LC_ALL: "C.UTF-8", ...environment },
    ...folder === undefined ? {} : { cwd: folder },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  let unfinished = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    const parts = (unfinished + text).split(/[\r\n]+/);
    unfinished = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      report?.(line);
    }
  }
  const { success, code } = await child.status;
  if (success) return;
  const lastWords = [...lines, unfinished].slice(-20).join("\n");
  throw new Error(`run ${program} ${args.join(" ")}: exit code ${code}:\n${lastWords}`);
}
