import assert from "node:assert/strict";
import { configCommand } from "../../src/cli/config.ts";
import { RecordingTerminal } from "./recording_terminal.ts";

Deno.test("config schema prints the JSON Schema on standard output", async () => {
  const terminal = new RecordingTerminal();
  await configCommand(terminal).parseAsync(["schema"], { from: "user" });
  const schema = JSON.parse(terminal.outLines.join("\n"));
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.ok(schema.properties.ports.items.oneOf.length === 4);
  assert.equal(terminal.exitCode, 0);
  assert.deepEqual(terminal.errLines, []);
});
