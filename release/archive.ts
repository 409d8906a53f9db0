// What install.sh fetches, or finds on a USB stick: the executable with its sum and the signature, in
// one file, the same bytes from the same executable.

import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "./executable.ts";
import { runTool } from "./program.ts";
import { signFiles, sumsName } from "./signature.ts";

export interface ArchiveOptions {
  /** Where it is put. */
  readonly folder: string;
  readonly executable: string;
  readonly version: string;
  readonly architecture: Architecture;
  /** The private key, a PEM file. */
  readonly keyFile: string;
  /** Time of all that is in it. */
  readonly epochSec: number;
}

/** Makes it; resolves to its name. @throws {Error} */
export async function makeArchive(options: ArchiveOptions): Promise<string> {
  const { folder, executable, version, architecture, keyFile, epochSec } = options;
  const name = `nectarcollector-${version}-linux-${architecture}`;
  const inside = join(folder, name);
  mkdirSync(inside, { recursive: true });
  try {
    copyFileSync(executable, join(inside, "nectarcollector"));
    signFiles(inside, ["nectarcollector"], keyFile);
    const tar = join(folder, `${name}.tar`);
    await runTool("tar", [
      "--create",
      `--file=${tar}`,
      `--directory=${inside}`,
      "--format=ustar",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mode=u=rwX,go=rX",
      `--mtime=@${epochSec}`,
      "nectarcollector",
      sumsName,
      `${sumsName}.sig`,
    ]);
    await runTool("gzip", ["--force", "--no-name", tar]);
    return `${name}.tar.gz`;
  } finally {
    rmSync(inside, { recursive: true });
  }
}
