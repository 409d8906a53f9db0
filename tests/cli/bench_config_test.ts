import assert from "node:assert/strict";
import { writeBenchConfig } from "../../src/cli/bench_config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

Deno.test("the configuration of a bench can be run, and may be written again", async () => {
  using folder = new TemporaryFolder();
  const file = folder.join("site.json");
  for (const device of ["/tmp/bench/ttySim1", "/tmp/bench/ttySim2"]) {
    writeBenchConfig(file, [{ device, description: "Mitel SX-200" }]);
    const loaded = await loadConfig(file);
    assert.ok(loaded.ok);
    const [port] = loaded.config.ports;
    assert.ok(port?.type === "serial");
    assert.equal(port.device, device);
    assert.ok(loaded.config.logging.base_path.startsWith(folder.path));
  }
});

Deno.test("a configuration that somebody else wrote is left alone", () => {
  using folder = new TemporaryFolder();
  const file = folder.join("site.json");
  Deno.writeTextFileSync(file, "{}");
  assert.throws(
    () => writeBenchConfig(file, []),
    /site\.json: is there already, and not written by nectarcollector simulate; name another$/,
  );
  assert.equal(Deno.readTextFileSync(file), "{}");
});
