import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { InstallLock, isInstalling } from "../../src/install/install_lock.ts";
import { StepFailed } from "../../src/install/step.ts";
import { Target } from "../../src/install/target.ts";
import { Libc } from "../../src/platform/libc.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

Deno.test("the lock keeps others away, and leaves nothing, not even the folder that it needed", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const target = new Target(folder.path);
  for (let round = 0; round < 3; round++) {
    const lock = new InstallLock(libc, target);
    assert.ok(!lock.wasInterrupted);
    assert.ok(isInstalling(target));
    assert.throws(() => new InstallLock(libc, target), StepFailed);
    lock[Symbol.dispose]();
    assert.ok(!isInstalling(target));
    assert.deepEqual(readdirSync(folder.path), []);
  }
});

Deno.test("the lock tells that one before was killed, once", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  const target = new Target(folder.path);
  Deno.mkdirSync(folder.join("run"));
  writeFileSync(folder.join("run/nectarcollector-install.lock"), "4711\n");
  const lock = new InstallLock(libc, target);
  assert.ok(lock.wasInterrupted);
  lock[Symbol.dispose]();
  using next = new InstallLock(libc, target);
  assert.ok(!next.wasInterrupted);
});

Deno.test("a lock that cannot be had says what to do", () => {
  using libc = new Libc();
  using folder = new TemporaryFolder();
  writeFileSync(folder.join("run"), "a file");
  assert.throws(
    () => new InstallLock(libc, new Target(folder.path)),
    (error) => error instanceof StepFailed && /^lock .*nectarcollector-install/.test(error.message),
  );
  assert.ok(existsSync(folder.join("run")));
});
