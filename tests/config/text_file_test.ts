import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import type { ConfigDisk } from "../../src/config/text_file.ts";
import { sample } from "./sample.ts";

/** What is wrong with the file as a whole. */
async function wholeFileProblem(file: string, disk?: ConfigDisk): Promise<string> {
  const loaded = await loadConfig(file, disk);
  assert.ok(!loaded.ok);
  assert.equal(loaded.problems.length, 1);
  const [problem] = loaded.problems;
  assert.equal(problem?.file, file);
  assert.equal(problem?.line, 0);
  return problem?.message ?? "";
}

/** A disk on which a path may be forbidden to look up, and every file to read. */
function closedDisk(closed: string): ConfigDisk {
  return {
    stat: (path) =>
      path.startsWith(closed)
        ? Promise.reject(new Deno.errors.PermissionDenied())
        : Promise.resolve({ isDirectory: false, size: 10, mode: 0o100600, uid: 0 }),
    read: () => Promise.reject(new Deno.errors.PermissionDenied()),
    owner: () => ({ uid: 998, gid: 997 }),
  };
}

Deno.test("a file is read and checked", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "config.json");
    await Deno.writeTextFile(file, JSON.stringify(sample()));
    assert.equal((await loadConfig(file)).ok, true);
    await Deno.writeTextFile(file, JSON.stringify({}));
    const loaded = await loadConfig(file);
    assert.ok(!loaded.ok);
    assert.equal(loaded.problems[0]?.file, file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a missing file says how to give or make one that works", async () => {
  const message = await wholeFileProblem("/nonexistent/config.json");
  assert.match(message, /no such file.*--config FILE/);
  const [example] = /\{.*\}/.exec(message) ?? [];
  assert.ok(example !== undefined);
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, example);
    assert.equal((await loadConfig(file)).ok, true);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a folder is not a configuration", async () => {
  assert.match(await wholeFileProblem("/tmp"), /this is a folder/);
});

Deno.test("an unreadable file says who may not read it and the command that helps", async () => {
  const message = await wholeFileProblem("/etc/a b/config.json", closedDisk("/nothing"));
  assert.match(message, /user 998 may not read this file \(no r permission; owner 0, mode 0600\)/);
  assert.ok(message.endsWith(
    "fix: sudo chgrp 997 '/etc/a b/config.json' && sudo chmod g+r '/etc/a b/config.json'",
  ));
});

Deno.test("a folder that may not be entered is named, the outermost one", async () => {
  const message = await wholeFileProblem(
    "/etc/closed/deep/config.json",
    closedDisk("/etc/closed/"),
  );
  assert.match(message, /user 998 may not enter the folder \/etc\/closed \(no x permission\)/);
  assert.match(message, /fix: sudo chmod o\+x \/etc\/closed$/);
});

Deno.test("bytes that are not UTF-8 are refused with their line", async () => {
  const disk: ConfigDisk = {
    ...closedDisk("/nothing"),
    read: () => Promise.resolve(Uint8Array.from([123, 10, 10, 34, 0xe9, 34, 10])),
  };
  assert.match(await wholeFileProblem("/c.json", disk), /not UTF-8: line 3 .*iconv/);
});

Deno.test("a file that is far too large, or that fails to be read, is a problem too", async () => {
  const large: ConfigDisk = {
    ...closedDisk("/nothing"),
    stat: () => Promise.resolve({ isDirectory: false, size: 1e9, mode: null, uid: null }),
  };
  assert.match(await wholeFileProblem("/c.json", large), /too large/);
  const failing: ConfigDisk = {
    ...closedDisk("/nothing"),
    read: () => Promise.reject(new Error("Input/output error (os error 5)")),
  };
  assert.match(await wholeFileProblem("/c.json", failing), /reading failed: Input\/output error/);
});
