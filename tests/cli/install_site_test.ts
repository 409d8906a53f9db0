// What a site has on its machine already: an earlier service, edited files, links, users of its own.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import { installCommand } from "../../src/cli/install.ts";
import { uninstallCommand } from "../../src/cli/uninstall.ts";
import { findProgram } from "../../src/simulate/program_path.ts";
import { InstallBox, installNeeds } from "../support/install_box.ts";
import { requires } from "../support/requirements.ts";
import type { RecordingTerminal } from "./recording_terminal.ts";

const { test } = requires(...installNeeds);
const executable = "/usr/local/bin/nectarcollector";
const unit = "/etc/systemd/system/nectarcollector.service";
const configFile = "/etc/nectarcollector/config.json";
const fips = "1429010002";

const earlier = Buffer.concat([readFileSync(findProgram("sleep") ?? ""), Buffer.from("earlier")]);

function site(): InstallBox {
  const box = new InstallBox();
  box.tree.addUart("ttyS0");
  return box;
}

async function install(box: InstallBox, ...args: string[]): Promise<RecordingTerminal> {
  const all = ["install", "--fips", fips, ...args];
  return await box.run((terminal) => installCommand(terminal, box.world), all);
}

async function uninstall(box: InstallBox, ...args: string[]): Promise<RecordingTerminal> {
  const world = { ...box.world, ask: null };
  return await box.run((terminal) => uninstallCommand(terminal, world), ["uninstall", ...args]);
}

function put(box: InstallBox, path: string, text: string | Uint8Array): void {
  mkdirSync(box.path(path).replace(/\/[^/]*$/, ""), { recursive: true });
  writeFileSync(box.path(path), text);
}

function textOf(box: InstallBox, path: string): string {
  return readFileSync(box.path(path), "utf8");
}

/** A machine on which an earlier service of this name runs, as Go programs are installed. */
async function withEarlierService(): Promise<InstallBox> {
  const box = site();
  put(box, unit, "[Service]\nExecStart=/usr/local/bin/nectarcollector -config x\n");
  put(box, executable, earlier);
  chmodSync(box.path(executable), 0o755);
  await box.systemd.run("systemctl", ["enable"]);
  await box.systemd.run("systemctl", ["daemon-reload"]);
  await box.systemd.run("systemctl", ["restart"]);
  return box;
}

test("an earlier service of this name makes room: told, its unit and its executable stay beside ours", async () => {
  await using box = await withEarlierService();
  const before = textOf(box, unit);
  const { outLines, errLines, exitCode } = await install(box);
  assert.equal(exitCode, 0, errLines.join("\n"));
  const told =
    `replace ${unit}, which is another program's or was edited; it stays as ${unit}.before`;
  assert.ok(outLines.includes(`done  ${told}`), outLines.join("\n"));
  assert.equal(textOf(box, `${unit}.before`), before);
  assert.ok(readFileSync(box.path(`${executable}.previous`)).equals(earlier));
  assert.equal(box.systemd.startedUnit, textOf(box, unit));
  assert.match((await install(box)).outLines[0] ?? "", /^nothing to do/);
});

test("an earlier service comes back, with its unit, when ours does not come up", async () => {
  await using box = await withEarlierService();
  box.bring("one that ends at once");
  const before = box.contents();
  const { errLines, exitCode } = await install(box);
  assert.equal(exitCode, 1);
  assert.equal(errLines.at(-1), "everything that was done is taken back");
  const isOwn = (line: string): boolean => /nectarcollector/.test(line.split(" ")[0] ?? "");
  assert.deepEqual(box.contents().filter(isOwn), before.filter(isOwn));
  assert.equal(box.systemd.startedUnit, textOf(box, unit), "the earlier one runs");
});

test("records of an earlier service are not taken for ours: nothing is done until they are put aside", async () => {
  await using box = site();
  const log = `/var/log/nectarcollector/${fips}-A1.log`;
  put(box, log, "[1429010002][A1][2019-12-03 15:04:05.123] delivered long ago\n");
  const before = box.contents();
  for (const args of [[], ["--dry-run"]]) {
    const { errLines, exitCode } = await install(box, ...args);
    assert.equal(exitCode, 1);
    assert.deepEqual(errLines, [
      `error: install: another program's records would be delivered again: ${log}`,
      `→ put them aside: sudo mv ${log} ${log}.before`,
    ]);
    assert.deepEqual(box.contents(), before);
  }
  put(box, `/var/lib/nectarcollector/${fips}-A1.journal.json`, "{}");
  assert.equal((await install(box)).exitCode, 0, "it is ours, and has lost its index");
});

test("a unit that the site has edited stays beside ours, one that an earlier version wrote does not", async () => {
  await using box = site();
  await install(box);
  const edited = textOf(box, unit).replace("OOMScoreAdjust=-500", "OOMScoreAdjust=-900");
  writeFileSync(box.path(unit), edited);
  await install(box);
  assert.equal(textOf(box, `${unit}.before`), edited);
  const older = "[Service]\nExecStart=/usr/local/bin/nectarcollector\n";
  const sum = crc32(older).toString(16).padStart(8, "0");
  writeFileSync(box.path(unit), `${older}# Sum of what install wrote: ${sum}\n`);
  const { outLines } = await install(box);
  assert.equal(outLines[0], `done  replace ${unit}`);
  assert.ok(!existsSync(box.path(`${unit}.before.2`)));
  writeFileSync(box.path(unit), `${edited}# again\n`);
  await uninstall(box);
  assert.equal(textOf(box, `${unit}.before`), edited);
  assert.equal(textOf(box, `${unit}.before.2`), `${edited}# again\n`, "also when it goes");
});

test("what a site adds to the unit is left alone, also when the service goes", async () => {
  await using box = site();
  const own = `${unit}.d/override.conf`;
  put(box, own, "[Service]\nMemoryMax=1G\n");
  await install(box);
  await uninstall(box);
  assert.equal(textOf(box, own), "[Service]\nMemoryMax=1G\n");
});

test("a masked service is not unmasked: nothing is changed, and it says how", async () => {
  await using box = site();
  mkdirSync(box.path("/etc/systemd/system"), { recursive: true });
  symlinkSync("/dev/null", box.path(unit));
  const before = box.contents();
  const { errLines, exitCode } = await install(box);
  assert.equal(exitCode, 1);
  assert.match(errLines.join("\n"), /^error: install: the service is masked: .*\n→ .*unmask/);
  assert.deepEqual(box.contents(), before);
});

test("a configuration and folders that are links stay links, and what they lead to is the service's", async () => {
  await using box = site();
  const config = {
    app: { instance_id: "box", fips_code: fips },
    ports: [{ device: "/dev/ttyS0", side_designation: "A1", enabled: true }],
  };
  put(box, "/data/site.json", JSON.stringify(config));
  mkdirSync(box.path("/data/records"));
  mkdirSync(box.path("/etc/nectarcollector"));
  mkdirSync(box.path("/var/log"), { recursive: true });
  symlinkSync("../../data/site.json", box.path(configFile));
  symlinkSync("/data/records", box.path("/var/log/nectarcollector"));
  assert.equal((await install(box)).exitCode, 0);
  const ids = box.target.idsOf({ user: "nectarcollector", group: "nectarcollector" });
  for (const path of [configFile, "/var/log/nectarcollector"]) {
    assert.ok(lstatSync(box.path(path)).isSymbolicLink(), path);
  }
  assert.equal(statSync(box.path("/data/site.json")).gid, ids?.gid);
  assert.equal(statSync(box.path("/data/records")).uid, ids?.uid);
  assert.match((await install(box)).outLines[0] ?? "", /^nothing to do/);
  assert.equal((await uninstall(box, "--purge", "--yes")).exitCode, 0);
  assert.ok(!existsSync(box.path("/data/records")), "what is purged is not only the link");
});

test("a user of that name that a site has made is taken as it is, and gets the group", async () => {
  await using box = site();
  const entry = "nectarcollector:x:1500:1500::/home/nc:/bin/bash\n";
  put(box, "/etc/passwd", `root:x:0:0::/root:/bin/sh\n${entry}`);
  put(box, "/etc/group", "root:x:0:\ndialout:x:20:nectarcollector\nstaff:x:1500:\n");
  const { outLines, exitCode } = await install(box);
  assert.equal(exitCode, 0);
  assert.ok(outLines.includes("done  make the group nectarcollector"), outLines.join("\n"));
  assert.ok(textOf(box, "/etc/passwd").endsWith(entry));
  assert.equal(statSync(box.path("/var/log/nectarcollector")).uid, 1500);
  assert.match((await install(box)).outLines[0] ?? "", /^nothing to do/);
});

test("on a machine without dialout the group is made, and the ports' own group is allowed", async () => {
  await using box = site();
  put(box, "/etc/group", "root:x:0:\nuucp:x:14:\n");
  await Deno.chown(box.path("/dev/ttyS0"), 0, 14);
  assert.equal((await install(box)).exitCode, 0);
  assert.ok(box.target.isMember("nectarcollector", "dialout"));
  assert.match(textOf(box, `${unit}.d/50-site.conf`), /^SupplementaryGroups=uucp$/m);
});

test("folders that are made on the way are for everybody, also under a root that keeps all to itself", async () => {
  await using box = site();
  const former = Deno.umask(0o077);
  try {
    await install(box);
  } finally {
    Deno.umask(former);
  }
  assert.equal(statSync(box.path("/usr/local/bin")).mode & 0o777, 0o755);
  assert.equal(statSync(box.path("/etc/udev/rules.d")).mode & 0o777, 0o755);
});
