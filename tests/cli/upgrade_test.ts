import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { upgradeCommand } from "../../src/cli/upgrade.ts";
import { runSystemProgram } from "../../src/install/programs.ts";
import { InstallBox, installNeeds } from "../support/install_box.ts";
import { requires } from "../support/requirements.ts";
import type { RecordingTerminal } from "./recording_terminal.ts";

const { test } = requires(...installNeeds);

/** Upgrades to an executable that answers as the script says, and writes down how it is called. */
async function upgrade(
  box: InstallBox,
  script: string,
  { mode = 0o755, args = [] }: { mode?: number; args?: string[] } = {},
): Promise<RecordingTerminal & { readonly calls: string[] }> {
  const file = box.path("/media/new");
  const log = box.path("/media/calls");
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${log}\n${script}`, { mode });
  const world = { ...box.world, run: runSystemProgram };
  const terminal = await box.run(
    (terminal) => upgradeCommand(terminal, world),
    ["upgrade", file, ...args],
  );
  const calls = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return Object.assign(terminal, { calls });
}

function installed(): InstallBox {
  const box = new InstallBox();
  mkdirSync(box.path("/usr/local/bin"), { recursive: true });
  writeFileSync(box.path("/usr/local/bin/nectarcollector"), "the version before");
  mkdirSync(box.path("/etc/nectarcollector"));
  writeFileSync(box.path("/etc/nectarcollector/config.json"), "{}");
  return box;
}

test("an upgrade asks the new version for its version and its opinion, then lets it install", async () => {
  await using box = installed();
  const { calls, exitCode, outLines } = await upgrade(
    box,
    'case $1 in --version) echo "0.2.0" ;; install) echo "done  all" ;; esac',
  );
  assert.equal(exitCode, 0);
  const config = box.path("/etc/nectarcollector/config.json");
  assert.deepEqual(calls, ["--version", `check --config ${config}`, "install"]);
  assert.deepEqual(outLines, ["upgrading to 0.2.0", "done  all"]);
});

test("a version that finds problems in the configuration is not installed", async () => {
  await using box = installed();
  const { calls, exitCode, errLines } = await upgrade(
    box,
    'if [ "$1" = check ]; then echo "config.json:1:1: no ports" >&2; exit 2; fi',
  );
  assert.equal(exitCode, 2);
  assert.equal(calls.length, 2, "install was not called");
  assert.equal(errLines[0], "config.json:1:1: no ports");
  assert.match(
    errLines.join("\n"),
    /does not take the configuration\n→ mend .*nothing was changed/,
  );
});

test("what cannot be run is no upgrade: another kind of machine, no permission, no executable", async () => {
  await using box = installed();
  for (const [script, options] of [["exit 1", {}], ["", { mode: 0o644 }]] as const) {
    const { exitCode, errLines, calls } = await upgrade(box, script, options);
    assert.equal(exitCode, 1);
    assert.match(
      errLines.join("\n"),
      /^error: run .*\/media\/new: .*\n→ it must be executable and/,
    );
    assert.ok(!calls.includes("install"));
  }
});

test("an upgrade to a file that is not there says so, once", async () => {
  await using box = installed();
  const { errLines, exitCode } = await box.run(
    (terminal) => upgradeCommand(terminal, { ...box.world, run: runSystemProgram }),
    ["upgrade", "/nowhere/nectarcollector"],
  );
  assert.equal(exitCode, 1);
  assert.deepEqual(errLines, [
    "error: upgrade: there is no file /nowhere/nectarcollector",
    "→ name the new executable",
  ]);
});

test("an upgrade where nothing is installed says how to install", async () => {
  await using box = new InstallBox();
  const { exitCode, errLines, calls } = await upgrade(box, "");
  assert.equal(exitCode, 1);
  assert.match(
    errLines.join("\n"),
    /^error: upgrade: nothing is installed here\n→ .*\/new install$/,
  );
  assert.deepEqual(calls, []);
});

test("an upgrade tells the end of the new version's install, and hands its options on", async () => {
  await using box = installed();
  const { exitCode, calls } = await upgrade(box, '[ "$1" != install ]', { args: ["--dry-run"] });
  assert.equal(exitCode, 1);
  assert.equal(calls.at(-1), "install --dry-run");
});
