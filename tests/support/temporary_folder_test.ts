import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { TemporaryFolder } from "./temporary_folder.ts";

Deno.test("a temporary folder goes away with all that is in it", () => {
  let path: string;
  {
    using folder = new TemporaryFolder();
    path = folder.path;
    mkdirSync(folder.join("a", "b"), { recursive: true });
    writeFileSync(folder.join("a", "b", "file"), "text");
    assert.ok(existsSync(folder.join("a/b/file")));
  }
  assert.ok(!existsSync(path));
});
