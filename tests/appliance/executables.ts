// The product as it is handed out, and other versions of it: the same bundle with another stamp, or with
// a fault at its beginning. Compiled as a release is, by the Deno that DENORT_BIN belongs to.

import { copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundle, bundlePath } from "../../release/bundle.ts";
import { matchingDeno } from "../support/guest_program.ts";
import { checkoutFolder } from "../support/release_shelf.ts";
import { runProgram } from "../support/run_program.ts";

/** What makes each of them another one. */
const versions: Readonly<Record<string, (bundle: string) => string>> = {
  current: (text) => text,
  newer: (text) => text.replace(/"build-stamp:[^"]*"/, '"build-stamp:0123456789ab 2027-01-01"'),
  /** It takes no configuration, as a version would that knows a rule more. */
  strict: (text) =>
    `if (Deno.args[0] === "check") { console.error("another rule"); Deno.exit(2); }\n${text}`,
  /** It checks well, and ends when it is to run. */
  broken: (text) => `if (Deno.args[0] === "--config") Deno.exit(1);\n${text}`,
};

export type VersionName = "current" | "newer" | "strict" | "broken";

/** The commit that `--version` of the newer one tells. */
export const newerCommit = "0123456789ab";

/** Makes them in `folder`, each called as its version. @throws {Error} */
export async function makeExecutables(
  folder: string,
  report: (message: string) => void,
): Promise<void> {
  report("bundling");
  await bundle(checkoutFolder);
  const text = readFileSync(bundlePath(checkoutFolder), "utf8");
  const { command, environment } = matchingDeno;
  const [program, ...args] = command;
  for (const [name, change] of Object.entries(versions)) {
    report(`compiling the ${name} version`);
    const place = join(folder, `${name}.build`);
    const changed = bundlePath(place);
    mkdirSync(dirname(changed), { recursive: true });
    writeFileSync(changed, change(text));
    utimesSync(changed, 0, 0);
    await runProgram(
      program,
      [...args, "run", "--allow-all", join(checkoutFolder, "release/executable.ts")],
      { folder: place, environment },
    );
    copyFileSync(join(place, "build/nectarcollector"), join(folder, name));
  }
}
