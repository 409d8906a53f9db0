// The product as it is handed out, compiled as a release is, by the Deno that DENORT_BIN belongs to.

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../../release/bundle.ts";
import { matchingDeno } from "../support/guest_program.ts";
import { checkoutFolder } from "../support/release_shelf.ts";
import { runProgram } from "../support/run_program.ts";

/** Makes `output`, and build/nectarcollector on the way. @throws {Error} */
export async function makeExecutable(
  output: string,
  report: (message: string) => void,
): Promise<void> {
  report("bundling and compiling");
  await bundle(checkoutFolder);
  const { command, environment } = matchingDeno;
  const [program, ...args] = command;
  await runProgram(
    program,
    [...args, "run", "--allow-all", join(checkoutFolder, "release/executable.ts")],
    { folder: checkoutFolder, environment },
  );
  copyFileSync(join(checkoutFolder, "build/nectarcollector"), output);
}
