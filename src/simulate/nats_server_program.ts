// Finds a nats-server to run beside a demo or a test: the one that was named, the one that is
// installed, or Debian's package unpacked into the cache, which needs no root.

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findProgram, isExecutable } from "./program_path.ts";

const howToGetOne =
  "install one with `sudo apt install nats-server`, or name one with NATS_SERVER=/path/to/nats-server";

/** There is no nats-server on this machine; the message says how to get one. */
export class NatsServerMissing extends Error {
  override readonly name = "NatsServerMissing";

  constructor(reason: string, options?: ErrorOptions) {
    super(`find nats-server: ${reason}: ${howToGetOne}`, options);
  }
}

export interface NatsServerSearch {
  /** @default {Deno.env.get} */
  readonly environment?: (name: string) => string | undefined;
  /** Told what takes time, such as "downloading Debian's nats-server". */
  readonly report?: (message: string) => void;
}

/**
 * The path of a nats-server: `NATS_SERVER`, then `PATH`, then Debian's package in
 * `$XDG_CACHE_HOME/nectarcollector/nats-server`, downloaded when it is not there yet.
 * @throws {NatsServerMissing}
 */
export async function findNatsServer(search: NatsServerSearch = {}): Promise<string> {
  const environment = search.environment ?? Deno.env.get;
  const named = environment("NATS_SERVER");
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return named;
    throw new NatsServerMissing(`NATS_SERVER=${named} is not an executable file`);
  }
  const installed = findProgram("nats-server", environment("PATH"));
  if (installed !== undefined) return installed;
  const home = environment("HOME") ?? "";
  const cache = environment("XDG_CACHE_HOME") || (home === "" ? "" : join(home, ".cache"));
  if (cache === "") throw new NatsServerMissing("no HOME to keep a downloaded one in");
  return await unpackDebianPackage({
    folder: join(cache, "nectarcollector", "nats-server"),
    report: search.report ?? (() => {}),
  });
}

interface Unpacking {
  readonly folder: string;
  readonly report: (message: string) => void;
}

/** Others may unpack at the same time: each does it apart, and the first rename wins. */
async function unpackDebianPackage({ folder, report }: Unpacking): Promise<string> {
  const finished = join(folder, "debian");
  const program = join(finished, "usr", "sbin", "nats-server");
  if (isExecutable(program)) return program;
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, "unpacking-"));
  try {
    report("downloading Debian's nats-server (4 MB)");
    await download(temporary, report);
    const archive = [...Deno.readDirSync(temporary)].find((entry) => entry.name.endsWith(".deb"));
    if (archive === undefined) throw new NatsServerMissing("apt-get download left no package");
    await run("dpkg", ["-x", archive.name, "unpacked"], temporary);
    try {
      renameSync(join(temporary, "unpacked"), finished);
    } catch (cause) {
      if (!existsSync(program)) throw cause;
    }
    report(`unpacked ${program}`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  if (!isExecutable(program)) throw new NatsServerMissing(`the package holds no ${program}`);
  return program;
}

async function download(folder: string, report: (message: string) => void): Promise<void> {
  const packageName = ["download", "nats-server"];
  try {
    await run("apt-get", packageName, folder);
  } catch (cause) {
    if (Deno.uid() !== 0) throw cause;
    report("updating the package lists");
    await run("apt-get", ["update"], folder);
    await run("apt-get", packageName, folder);
  }
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
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
    throw new NatsServerMissing(`${command}: ${reason}`, { cause });
  }
}
