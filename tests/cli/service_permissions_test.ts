import assert from "node:assert/strict";

Deno.test("a service that gave up programs can start none", async () => {
  const module = new URL("../../src/cli/service_permissions.ts", import.meta.url).href;
  const code = `
    const { giveUpPrograms } = await import("${module}");
    const start = () => new Deno.Command("true").outputSync().code;
    console.log(start());
    giveUpPrograms();
    try { start(); } catch (error) { console.log(error.name); }
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-config",
      "--no-prompt",
      "--allow-run",
      "--allow-read",
      `data:application/javascript,${encodeURIComponent(code)}`,
    ],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "0\nNotCapable\n");
});
