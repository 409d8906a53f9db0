import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemdFolder } from "../../release/systemd_files.ts";
import { systemFiles } from "../../src/install/system_files.ts";
import { program, requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const unitFile = join(systemdFolder, "nectarcollector.service");

async function analyze(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
    args,
    env: { LC_ALL: "C.UTF-8", NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the folder systemd/ holds what install writes; else: deno task systemd", () => {
  const written = new Map(systemFiles().map(({ name, text }) => [name, text]));
  assert.deepEqual(readdirSync(systemdFolder).sort(), [...written.keys()].sort());
  for (const [name, text] of written) {
    assert.equal(readFileSync(join(systemdFolder, name), "utf8"), text, name);
  }
});

requires(program("systemd-analyze")).test(
  "systemd-analyze security gives the unit 1.6 at most",
  async () => {
    const { code, text } = await analyze(
      "security",
      "--offline=true",
      "--threshold=16",
      "--no-pager",
      unitFile,
    );
    assert.equal(code, 0, text.split("\n").slice(-3).join("\n"));
  },
);

requires(program("systemd-analyze")).test(
  "systemd takes the unit, but for what only newer versions know",
  async () => {
    using folder = new TemporaryFolder();
    const file = folder.join("nectarcollector.service");
    const unit = readFileSync(unitFile, "utf8");
    writeFileSync(file, unit.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
    const { text } = await analyze("verify", "--man=no", file);
    const complaints = text.split("\n").filter((line) => line.includes("nectarcollector"));
    const others = complaints.filter((line) =>
      !/Unknown key(?: name)? '(RestartSteps|RestartMaxDelaySec)'/.test(line)
    );
    assert.deepEqual(others, []);
  },
);
