// Finds a program to run beside a demo or a test: the one that was named, the one that is installed,
// or Debian's package unpacked into the cache, which needs no root.

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findProgram, isExecutable } from "./program_path.ts";

/** A program, and the package of the same name that it is in. */
export interface DebianProgram {
  readonly name: string;
  /** Where it is in the package. */
  readonly place: string;
  /** Which variable may name one. */
  readonly variable: string;
}

/** There is no such program on this machine; the message says how to get one. */
export class ProgramMissing extends Error {
  override readonly name = "ProgramMissing";

  constructor({ name, variable }: DebianProgram, reason: string, options?: ErrorOptions) {
    const how = `install one with \`sudo apt install ${name}\`, or name one with ` +
      `${variable}=/path/to/${name}`;
    super(`find ${name}: ${reason}: ${how}`, options);
  }
}

export interface ProgramSearch {
  /** @default {Deno.env.get} */
  readonly environment?: (name: string) => string | undefined;
  /** Told what takes time, such as "downloading Debian's shellcheck". */
  readonly report?: (message: string) => void;
}

/**
 * Its path: what the variable names, then `PATH`, then Debian's package in
 * `$XDG_CACHE_HOME/nectarcollector/{name}`, downloaded when it is not there yet.
 * @throws {ProgramMissing}
 */
export async function findDebianProgram(
  wanted: DebianProgram,
  search: ProgramSearch = {},
): Promise<string> {
  const { name, variable } = wanted;
  const environment = search.environment ?? Deno.env.get;
  const named = environment(variable);
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return named;
    throw new ProgramMissing(wanted, `${variable}=${named} is not an executable file`);
  }
  const installed = findProgram(name, environment("PATH"));
  if (installed !== undefined) return installed;
  const home = environment("HOME") ?? "";
  const cache = environment("XDG_CACHE_HOME") || (home === "" ? "" : join(home, ".cache"));
  if (cache === "") throw new ProgramMissing(wanted, "no HOME to keep a downloaded one in");
  return await unpackDebianPackage(wanted, {
    folder: join(cache, "nectarcollector", name),
    report: search.report ?? (() => {}),
  });
}

interface Unpacking {
  readonly folder: string;
  readonly report: (message: string) => void;
}

/** Others may unpack at the same time: each does it apart, and the first rename wins. */
async function unpackDebianPackage(
  wanted: DebianProgram,
  { folder, report }: Unpacking,
): Promise<string> {
  const finished = join(folder, "debian");
  const program = join(finished, wanted.place);
  if (isExecutable(program)) return program;
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, "unpacking-"));
  try {
    report(`downloading Debian's ${wanted.name}`);
    await download(wanted, temporary, report);
    const archive = [...Deno.readDirSync(temporary)].find((entry) => entry.name.endsWith(".deb"));
    if (archive === undefined) {
      throw new ProgramMissing(wanted, "apt-get download left no package");
    }
    await run(wanted, "dpkg", ["-x", archive.name, "unpacked"], temporary);
    try {
      renameSync(join(temporary, "unpacked"), finished);
    } catch (cause) {
      if (!existsSync(program)) throw cause;
    }
    report(`unpacked ${program}`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  if (!isExecutable(program)) throw new ProgramMissing(wanted, `the package holds no ${program}`);
  return program;
}

async function download(
  wanted: DebianProgram,
  folder: string,
  report: (message: string) => void,
): Promise<void> {
  const fetching = ["download", wanted.name];
  try {
    await run(wanted, "apt-get", fetching, folder);
  } catch (cause) {
    if (Deno.uid() !== 0) throw cause;
    report("updating the package lists");
    await run(wanted, "apt-get", ["update"], folder);
    await run(wanted, "apt-get", fetching, folder);
  }
}

async function run(
  wanted: DebianProgram,
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<void> {
  const command = `${program} ${args.join(" ")}`;
  try {
    const { success, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd,
      env: { LC_ALL: "C" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : `${cause}`;
    throw new ProgramMissing(wanted, `${command}: ${reason}`, { cause });
  }
}
