// The executable: Deno's runtime with the bundle in it, and with the permissions that it has for
// ever. The runtime is what DENORT_BIN names, else what Deno fetches.

import { join } from "node:path";
import { bundlePath } from "./bundle.ts";
import { runDeno } from "./deno_run.ts";

/** A kind of machine, as `uname -m` calls it. */
export type Architecture = "x86_64" | "aarch64";

/** Which variable names the runtime for it. */
export const runtimeVariables: Readonly<Record<Architecture, string>> = {
  x86_64: "DENORT_BIN",
  aarch64: "DENORT_BIN_AARCH64",
};

/**
 * What the program may do. It opens what the configuration names, so files and network are not
 * narrowed; nor can the C library be named, which Deno would look for in the current folder only.
 * Programs are run by `install`, `demo` and the like: the service gives that up when it starts.
 * A cache of compiled code would lie in /tmp, where anybody may put another one beforehand.
 */
const permissions: readonly string[] = [
  "--allow-ffi",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
  "--allow-run",
  "--deny-import",
  "--no-prompt",
  "--no-code-cache",
];

/** Little memory, rather than the last bit of speed: measured. */
const engine = "--v8-flags=--max-semi-space-size=2,--heap-growing-percent=40";

/** Makes `output` from the bundle of the checkout at `folder`. @throws {Error} */
export async function makeExecutable(options: {
  readonly folder: string;
  readonly output: string;
  readonly architecture: Architecture;
}): Promise<void> {
  const { folder, output, architecture } = options;
  const variable = runtimeVariables[architecture];
  const runtime = Deno.env.get(variable);
  if (runtime === undefined && variable !== "DENORT_BIN") {
    throw new Error(`compile for ${architecture}: ${variable} must name its denort`);
  }
  await runDeno([
    "compile",
    "--quiet",
    "--no-check",
    "--no-config",
    engine,
    ...permissions,
    "--target",
    `${architecture}-unknown-linux-gnu`,
    "--output",
    output,
    bundlePath(folder),
  ], { folder, environment: runtime === undefined ? {} : { DENORT_BIN: runtime } });
}

if (import.meta.main) {
  const folder = Deno.cwd();
  const architecture = Deno.build.arch;
  await makeExecutable({ folder, output: join(folder, "build/nectarcollector"), architecture });
}
