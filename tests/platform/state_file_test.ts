import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { systemDisk } from "../../src/platform/disk.ts";
import { readState, replaceState } from "../../src/platform/state_file.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

Deno.test("a state reads as it was written, as one line of JSON", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("state.json");
  await replaceState(systemDisk, path, { next: 7, name: "é" });
  assert.deepEqual(readState(systemDisk, path), { next: 7, name: "é" });
  assert.equal(readFileSync(path, "utf8"), '{"next":7,"name":"é"}\n');
  await replaceState(systemDisk, path, []);
  assert.deepEqual(readState(systemDisk, path), []);
});

Deno.test("refused at any call, the file is the old or the new one, and the next time works", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("state.json");
  for (let k = 1;; k++) {
    const disk = new FailingDisk();
    await replaceState(disk, path, "old");
    let calls = 0;
    disk.before = ({ what }) => {
      calls += 1;
      if (calls === k) throw new Error(`refused: ${what}`);
    };
    const refused = await replaceState(disk, path, "new").then(() => false, () => true);
    assert.equal(disk.openFiles, 0, `call ${k}`);
    const state = readState(systemDisk, path);
    assert.ok(refused ? state === "old" || state === "new" : state === "new", `call ${k}`);
    disk.heal();
    await replaceState(disk, path, "newest");
    assert.equal(readState(systemDisk, path), "newest", `call ${k}`);
    assert.deepEqual(readdirSync(folder.path), ["state.json"]);
    if (refused) continue;
    assert.ok(k > 5, `only ${k} calls`);
    return;
  }
});

Deno.test("a disk with room for a part keeps the old state", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("state.json");
  await replaceState(systemDisk, path, "old");
  for (let room = 0; room < '"new"\n'.length; room++) {
    const disk = new FailingDisk();
    disk.freeBytes = room;
    await assert.rejects(replaceState(disk, path, "new"), /No space left/);
    assert.equal(readState(systemDisk, path), "old");
  }
});

Deno.test("the file is synced before it is renamed, and the folder afterwards", async () => {
  using folder = new TemporaryFolder();
  const disk = new FailingDisk();
  const calls: string[] = [];
  disk.before = ({ what }) => void (what !== "size" && calls.push(what));
  await replaceState(disk, folder.join("state.json"), 1);
  assert.deepEqual(calls, ["open to append", "append", "sync", "rename", "sync folder"]);
});

Deno.test("a temporary file left behind is ignored and replaced", async () => {
  using folder = new TemporaryFolder();
  const path = folder.join("state.json");
  writeFileSync(`${path}.tmp`, '"half a sta');
  assert.equal(readState(systemDisk, path), undefined);
  await replaceState(systemDisk, path, "whole");
  assert.equal(readState(systemDisk, path), "whole");
});

Deno.test("what is missing, empty or not JSON is no state", () => {
  using folder = new TemporaryFolder();
  const path = folder.join("state.json");
  assert.equal(readState(systemDisk, path), undefined);
  for (const text of ["", "{", "\0\0\0\0", '{"a":1}}']) {
    writeFileSync(path, text);
    assert.equal(readState(systemDisk, path), undefined, JSON.stringify(text));
  }
});

Deno.test("what cannot be read is no state", () => {
  using folder = new TemporaryFolder();
  assert.equal(readState(systemDisk, folder.path), undefined);
});
