import assert from "node:assert/strict";
import { PseudoTerminal } from "../../src/simulate/pseudo_terminal.ts";
import { Libc } from "../../src/platform/libc.ts";
import { waitFor } from "../support/wait_for.ts";

/** Prints, waits to be hung up, prints again, and tells by its exit code that it came to the end. */
const program = `
  import { undisturbed } from ${
  JSON.stringify(import.meta.resolve("../../src/cli/undisturbed.ts"))
};
  import { processTerminal } from ${
  JSON.stringify(import.meta.resolve("../../src/cli/terminal.ts"))
};
  const terminal = processTerminal();
  await undisturbed(async () => {
    let isHungUp = false;
    Deno.addSignalListener("SIGHUP", () => { isHungUp = true; });
    terminal.out("begun");
    while (!isHungUp) await new Promise((resolve) => setTimeout(resolve, 10));
    terminal.out("done");
    terminal.err("warned");
  });
  Deno.exit(42);`;

Deno.test("who loses the terminal half-way ends nothing", async () => {
  using libc = new Libc();
  const port = new PseudoTerminal({ libc });
  let heard = "";
  const deno = [Deno.execPath(), "eval", "--quiet", program];
  const script = `out=$1; shift; exec "$@" > "$out" 2>&1`;
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", port.path, ...deno],
    stdin: "null",
  }).spawn();
  try {
    await waitFor("its first words", () => {
      heard += new TextDecoder().decode(port.read());
      return heard.includes("begun");
    }, { timeoutMs: 60_000 });
  } finally {
    port[Symbol.dispose]();
  }
  child.kill("SIGHUP");
  assert.equal((await child.status).code, 42);
});
