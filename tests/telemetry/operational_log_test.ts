import assert from "node:assert/strict";
import { openLog } from "../../src/telemetry/operational_log.ts";
import { waitFor } from "../support/wait_for.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

Deno.test("the operational log prints sentences with hints, and keeps JSON lines", async () => {
  using folder = new TemporaryFolder();
  const printed: string[] = [];
  {
    await using log = await openLog({
      folder: folder.path,
      level: "info",
      inColor: false,
      print: (line) => printed.push(line),
    });
    log.report({
      level: "warning",
      kind: "source_gone",
      message: "a message with {braces} in it",
      hint: "plug it in",
      channel: "1429010002-A1",
      device: "/dev/ttyS1",
      details: { sequence: 7 },
    });
    log.report({ level: "debug", kind: "line_tried", message: "not asked for" });
  }
  assert.equal(printed.length, 1);
  assert.match(printed[0] ?? "", /WRN a message with \{braces\} in it\n {4}→ plug it in$/);
  const lines = Deno.readTextFileSync(folder.join("nectarcollector.log")).trimEnd().split("\n");
  assert.equal(lines.length, 1);
  const kept = JSON.parse(lines[0] ?? "");
  assert.equal(kept.message, "a message with {braces} in it");
  assert.equal(kept.kind, "source_gone");
  assert.equal(kept.hint, "plug it in");
  assert.equal(kept.sequence, 7);
  assert.deepEqual([kept.channel, kept.device], ["1429010002-A1", "/dev/ttyS1"]);
});

Deno.test("the log's file comes back when its folder was deleted, and without it the log goes on", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("logs", "nectarcollector.log");
  const printed: string[] = [];
  Deno.writeTextFileSync(folder.join("logs"), "a file where the folder belongs");
  await using log = await openLog({
    folder: folder.join("logs"),
    level: "info",
    inColor: false,
    print: (line) => printed.push(line),
  });
  const say = (): void => log.report({ level: "info", kind: "line_changed", message: "said" });
  say();
  assert.equal(printed.length, 1);
  for (
    const remove of [
      () => Deno.removeSync(folder.join("logs")),
      () => Deno.removeSync(folder.join("logs"), { recursive: true }),
    ]
  ) {
    remove();
    await waitFor("the file", () => {
      say();
      return Deno.statSync(path).size > 0;
    });
  }
});
