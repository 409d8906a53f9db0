import assert from "node:assert/strict";
import { FolderInUse, InstanceLock } from "../../src/platform/instance_lock.ts";
import { Libc } from "../../src/platform/libc.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

Deno.test("InstanceLock: a second owner is refused and told who has it, until the first lets go", () => {
  using folder = new TemporaryFolder();
  using libc = new Libc();
  const first = new InstanceLock(libc, folder.path);
  assert.throws(() => new InstanceLock(libc, folder.path), (error) => {
    assert.ok(error instanceof FolderInUse);
    assert.match(
      error.message,
      new RegExp(`in use by another nectarcollector \\(pid ${Deno.pid}\\)`),
    );
    return true;
  });
  first[Symbol.dispose]();
  new InstanceLock(libc, folder.path)[Symbol.dispose]();
});
