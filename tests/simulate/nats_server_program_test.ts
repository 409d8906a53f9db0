import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ProgramMissing } from "../../src/simulate/debian_program.ts";
import { findNatsServer } from "../../src/simulate/nats_server_program.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

function executable(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

function find(environment: Readonly<Record<string, string>>): Promise<string> {
  return findNatsServer({ environment: (name) => environment[name] });
}

Deno.test("NATS_SERVER goes before PATH, and PATH before the cache", async () => {
  using folder = new TemporaryFolder();
  const named = executable(folder.join("named"));
  const installed = executable(folder.join("bin/nats-server"));
  const cached = executable(
    folder.join("cache/nectarcollector/nats-server/debian/usr/sbin/nats-server"),
  );
  const cache = { XDG_CACHE_HOME: folder.join("cache") };
  const path = { PATH: `/nowhere:${folder.join("bin")}` };
  assert.equal(await find({ NATS_SERVER: named, ...path, ...cache }), named);
  assert.equal(await find({ ...path, ...cache }), installed);
  assert.equal(await find(cache), cached);
});

Deno.test("without XDG_CACHE_HOME the cache is in HOME", async () => {
  using folder = new TemporaryFolder();
  const cached = executable(
    folder.join(".cache/nectarcollector/nats-server/debian/usr/sbin/nats-server"),
  );
  assert.equal(await find({ HOME: folder.path }), cached);
});

Deno.test("a NATS_SERVER that cannot be run is an error that says how to get one", async () => {
  using folder = new TemporaryFolder();
  await assert.rejects(
    find({ NATS_SERVER: folder.path, PATH: folder.path }),
    (error) =>
      error instanceof ProgramMissing && error.message.includes(folder.path) &&
      error.message.includes("sudo apt install nats-server"),
  );
});
