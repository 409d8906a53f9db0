import assert from "node:assert/strict";
import { collectorCommand } from "../support/collector_process.ts";

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [command = "", ...commandArgs] = collectorCommand();
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...commandArgs, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("help names every command and the exit codes", async () => {
  const { code, out } = await run("--help");
  assert.equal(code, 0);
  const commands = [
    "backlog",
    "check",
    "config",
    "demo",
    "detect",
    "doctor",
    "install",
    "ports",
    "simulate",
    "uninstall",
    "upgrade",
    "verify",
  ];
  for (const word of [...commands, "Exit codes"]) {
    assert.ok(out.includes(word), word);
  }
});

Deno.test("an unknown command is refused, with the one that was meant", async () => {
  const { code, err } = await run("chekc");
  assert.equal(code, 1);
  assert.match(err, /unknown command "chekc"; did you mean check\?/);
});

Deno.test("an unknown option is refused, and nothing is started", async () => {
  const { code, err } = await run("--confg", "site.json");
  assert.equal(code, 1);
  assert.match(err, /unknown option '--confg'/);
});

Deno.test("the version is the project's, and says what it was made of", async () => {
  const { code, out } = await run("--version");
  assert.equal(code, 0);
  const project = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  const [version, ...madeOf] = out.trim().split(" ");
  assert.equal(version, project.version);
  const expected = Deno.env.get("NECTARCOLLECTOR") === undefined
    ? /^\(from the sources\)$/
    : /^\(commit ([0-9a-f]{12}(\+changes)?|unknown), \d{4}-\d\d-\d\d\)$/;
  assert.match(madeOf.join(" "), expected);
});
