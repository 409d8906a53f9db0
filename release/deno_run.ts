// Deno itself, as a child: the one that runs this.

export interface DenoOptions {
  /** Where it runs. */
  readonly folder: string;
  /** Added to ours. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What it prints to standard output. @throws {Error} with what it said, when it fails */
export async function runDeno(args: readonly string[], options: DenoOptions): Promise<string> {
  const { folder, environment = {} } = options;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { NO_COLOR: "1", ...environment },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`deno ${args[0]}: ${decoder.decode(stderr).trim()}`);
  return decoder.decode(stdout);
}
