// `nectarcollector upgrade FILE`: another version takes over. The new executable must answer and find
// nothing wrong with the live configuration; then its own `install` swaps the two, and swaps them
// back when the service does not come up.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { configPath } from "../install/installation.ts";
import { type Ran, runSystemProgram } from "../install/programs.ts";
import { executablePath } from "../install/system_files.ts";
import { errorText } from "../platform/notice.ts";
import {
  addPlaceOptions,
  type InstallWorld,
  obstacle,
  type PlaceOptions,
  targetOf,
} from "./install_options.ts";
import { exitCodes, type Terminal } from "./terminal.ts";
import { undisturbed } from "./undisturbed.ts";

const explanation = `
The one before is kept as ${executablePath}.previous; to go back:
  sudo nectarcollector upgrade ${executablePath}.previous

Exit codes: 0 upgraded, or the same already, 1 failed, and the one before runs,
            2 the configuration has problems for the new version; nothing was changed`;

/** Builds the command. */
export function upgradeCommand(terminal: Terminal, world: InstallWorld = {}): Command {
  const command = new Command("upgrade")
    .description("let another executable take over, and go back by itself when it does not come up")
    .argument("<file>", "the new executable")
    .addHelpText("before", "Examples:\n  sudo nectarcollector upgrade ./nectarcollector\n")
    .addHelpText("after", explanation);
  return addPlaceOptions(command).action(async (file: string, options: PlaceOptions) => {
    terminal.exit(await upgrade(resolve(file), options, { terminal, world }));
  });
}

async function upgrade(
  file: string,
  options: PlaceOptions,
  { terminal, world }: {
    readonly terminal: Terminal;
    readonly world: InstallWorld;
  },
): Promise<number> {
  const { run = runSystemProgram } = world;
  const refuse = (message: string, hint: string): number => {
    terminal.err(`error: ${message}`);
    terminal.err(`→ ${hint}`);
    return exitCodes.failed;
  };
  const target = targetOf(options, world);
  const why = obstacle(target, options, "upgrade FILE");
  if (why !== null) {
    terminal.err(`error: ${why}`);
    return exitCodes.failed;
  }
  if (!existsSync(target.path(executablePath))) {
    return refuse("upgrade: nothing is installed here", `${file} install`);
  }
  if (!existsSync(file)) {
    return refuse(`upgrade: there is no file ${file}`, "name the new executable");
  }
  const attempt = async (args: readonly string[]): Promise<Ran> => {
    try {
      return await run(file, args);
    } catch (error) {
      return { code: -1, out: "", err: errorText(error) };
    }
  };
  const version = await attempt(["--version"]);
  if (version.code !== 0) {
    const said = version.err.split("\n").at(-1) ?? "";
    return refuse(
      `run ${file}: ${said || `exit code ${version.code}`}`,
      `it must be executable and of this machine's kind: chmod +x ${file}; uname -m`,
    );
  }
  const config = target.path(configPath);
  if (existsSync(config)) {
    const checked = await attempt(["check", "--config", config]);
    if (checked.code !== 0) {
      terminal.err(checked.err);
      const hint = `mend ${configPath} for version ${version.out}; nothing was changed`;
      return Math.max(refuse("upgrade: the new version does not take the configuration", hint), 2);
    }
  }
  if (!options.json) terminal.out(`upgrading to ${version.out}`);
  const flags = [
    ...options.root === undefined ? [] : ["--root", options.root],
    ...options.dryRun ? ["--dry-run"] : [],
    ...options.json ? ["--json"] : [],
  ];
  // The child hears the same signals, and takes back what it did.
  const { code, out, err } = await undisturbed(() => attempt(["install", ...flags]));
  if (out !== "") terminal.out(out);
  if (err !== "") terminal.err(err);
  return code === exitCodes.ok || code === exitCodes.badConfig ? code : exitCodes.failed;
}
