// A release, in build/release: for each kind of machine whose runtime is given an archive and a Debian
// package; install.sh; the list of what is inside; sums and signature.
//
//   deno task bundle
//   deno task release --key release.pem --url https://downloads.example.org/nectarcollector

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeArchive } from "./archive.ts";
import { bundlePath } from "./bundle.ts";
import { makeDebianPackage } from "./debian_package.ts";
import { type Architecture, makeExecutable, runtimeVariables } from "./executable.ts";
import { filledScript } from "./install_script.ts";
import { softwareBill } from "./sbom.ts";
import { publicKey, signFiles } from "./signature.ts";
import { type Sources, sourcesAt } from "./sources.ts";

export interface ReleaseOptions {
  /** The checkout. */
  readonly folder: string;
  /** What is made is put here; it is emptied first. */
  readonly output: string;
  readonly executables: readonly { readonly architecture: Architecture; readonly path: string }[];
  readonly sources: Sources;
  readonly keyFile: string;
  readonly url: string;
}

/** Makes everything around the executables; resolves to the names of the files. @throws {Error} */
export async function makeRelease(options: ReleaseOptions): Promise<string[]> {
  const { folder, output, executables, sources, keyFile, url } = options;
  const { version } = JSON.parse(readFileSync(join(folder, "deno.json"), "utf8"));
  const { epochSec } = sources;
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const names: string[] = [];
  for (const { architecture, path: executable } of executables) {
    const made = { folder: output, executable, version, architecture, epochSec };
    names.push(await makeArchive({ ...made, keyFile }), await makeDebianPackage(made));
  }
  const script = readFileSync(join(folder, "install.sh"), "utf8");
  const filled = filledScript(script, { version, url, key: publicKey(keyFile) });
  writeFileSync(join(output, "install.sh"), filled, { mode: 0o755 });
  const bill = `nectarcollector-${version}.cdx.json`;
  const runtime = Deno.version.deno;
  writeFileSync(join(output, bill), await softwareBill(folder, { version, sources, runtime }));
  names.push("install.sh", bill);
  signFiles(output, names, keyFile);
  return names;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { key: { type: "string" }, url: { type: "string" } },
  });
  const { key, url } = values;
  if (key === undefined || url === undefined) {
    throw new Error(
      "make a release: --key FILE, made by openssl genpkey -algorithm ed25519, and --url where it will be",
    );
  }
  const folder = Deno.cwd();
  const sources = await sourcesAt(folder);
  if (sources.commit.endsWith("+changes")) console.error("warning: there are uncommitted changes");
  const stamp = `"build-stamp:${sources.commit} `;
  if (!readFileSync(bundlePath(folder), "utf8").includes(stamp)) {
    throw new Error(`make a release: the bundle is not of ${sources.commit}: deno task bundle`);
  }
  const given = (["x86_64", "aarch64"] as const).filter((architecture) =>
    architecture === Deno.build.arch || Deno.env.has(runtimeVariables[architecture])
  );
  const executables = await Promise.all(given.map(async (architecture) => {
    const path = join(folder, `build/nectarcollector-${architecture}`);
    await makeExecutable({ folder, output: path, architecture });
    return { architecture, path };
  }));
  const output = join(folder, "build/release");
  const names = await makeRelease({ folder, output, executables, sources, keyFile: key, url });
  for (const name of names) console.log(join(output, name));
}

if (import.meta.main) await main();
