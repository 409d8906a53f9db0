// How many descriptors a process may have, changed while it runs, by prlimit.

/** The number that the next descriptor of a process gets. */
export function lowestFree(pid: number): number {
  const taken = new Set(openDescriptors(pid));
  for (let number = 0;; number++) if (!taken.has(number)) return number;
}

/** The numbers of all that a process has open. */
export function openDescriptors(pid: number): number[] {
  return Array.from(Deno.readDirSync(`/proc/${pid}/fd`), ({ name }) => Number(name));
}

/** Descriptors from `limit` on cannot be had any more. Returns the limit before. */
export function limitDescriptors(pid: number, limit: number): number {
  const before = prlimit(pid, "--nofile", "--output=SOFT", "--noheadings", "--raw");
  prlimit(pid, `--nofile=${limit}:`);
  return Number(before);
}

function prlimit(pid: number, ...args: string[]): string {
  const command = new Deno.Command("prlimit", { args: ["--pid", `${pid}`, ...args] });
  const { success, stdout, stderr } = command.outputSync();
  if (!success) throw new Error(`prlimit ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}
