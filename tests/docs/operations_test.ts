// docs/operations.md is read by people who stand before a box: what it names must be there.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;
const page = readFileSync(join(root, "docs/operations.md"), "utf8");
const script = readFileSync(join(root, "install.sh"), "utf8");

function sources(...folders: readonly string[]): string {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(root, folder, name), "utf8"))
  ).join("\n");
}

Deno.test("every message that the page on operations explains is one that is really said", () => {
  const [, table = ""] = page.split("## Troubleshoot\n");
  const messages = table.split("\n").flatMap((line) => {
    const [, cell = ""] = line.split("|");
    return [...cell.matchAll(/`([a-z]+ [^`]*)`/gi)].map(([, message = ""]) => message);
  });
  assert.ok(messages.length > 6);
  // Parts that are filled in when it is said.
  const said = `${script}\n${sources("src/install", "src/cli", "release")}`
    .replaceAll("${serviceUser}", "nectarcollector").replace(/"\s*\+\s*[`"]/g, "");
  for (const message of messages) {
    const fixed = message.replace(/…$/, "");
    assert.ok(said.includes(fixed), message);
  }
});

Deno.test("every option that the page on operations names is there", () => {
  const known = `${script}\n${sources("src/cli", "release")}`;
  const elsewhere = ["--now"];
  for (const [option] of page.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)) {
    if (elsewhere.includes(option)) continue;
    const name = option.slice(2);
    assert.ok(known.includes(option) || known.includes(`${name}: { type`), option);
  }
});

Deno.test("every option of install.sh is in its help, with its variable", () => {
  const [, help = ""] = script.split("<<'END'\n");
  const used = [...script.matchAll(/\$\{(NECTAR_[A-Z_]+):-/g)].map(([, name = ""]) => name);
  assert.equal(used.length, 10);
  for (const name of used) {
    assert.ok(help.split("\nEND\n")[0]?.includes(name), name);
  }
  const options = [...script.matchAll(/^ +(--[a-z-]+)\) [a-z_]+=/gm)].map(([, name = ""]) => name);
  assert.equal(options.length, 10);
  for (const option of options) assert.ok(help.includes(`  ${option} `), option);
});
