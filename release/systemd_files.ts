// Writes the folder systemd/ from what `install` writes: `deno task systemd`.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemFiles } from "../src/install/system_files.ts";

export const systemdFolder = new URL("../systemd/", import.meta.url).pathname;

if (import.meta.main) {
  for (const { name, text } of systemFiles()) writeFileSync(join(systemdFolder, name), text);
}
