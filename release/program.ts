// A program of the system that making a release needs.

/** Runs it to its end. @throws {Error} with what it said, when it fails */
export async function runTool(program: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { LC_ALL: "C.UTF-8" },
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return;
  throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
