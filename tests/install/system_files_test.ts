import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemdFolder } from "../../release/systemd_files.ts";
import { parseConfig } from "../../src/config/load.ts";
import { systemFiles } from "../../src/install/system_files.ts";
import { program, requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

/** As many may do file operations at once (tokio's `max_blocking_threads`); beyond, it would end. */
const runtimeThreads = 512;

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

Deno.test("the unit's limits are far above what is in use, and nothing slows capture down", () => {
  const unit = readFileSync(unitFile, "utf8");
  const limit = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "none";
  const usual = parseConfig(
    JSON.stringify({
      app: { instance_id: "box", fips_code: "1429010002" },
      ports: [{ device: "/dev/ttyS0", side_designation: "A1", enabled: true }],
    }),
    "test",
  );
  assert.ok(usual.ok);
  const { resources, journal } = usual.config;
  const mostMb = parseInt(limit("MemoryMax"));
  assert.ok(mostMb >= 3 * resources.memory_mb + journal.memory_tail_mb, limit("MemoryMax"));
  assert.equal(limit("MemoryHigh"), "none");
  assert.ok(Number(limit("TasksMax")) > runtimeThreads + 100, limit("TasksMax"));
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
