import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { installCommand } from "../../src/cli/install.ts";
import { uninstallCommand } from "../../src/cli/uninstall.ts";
import { systemFiles } from "../../src/install/system_files.ts";
import { InstallBox, installNeeds } from "../support/install_box.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { program, requires } from "../support/requirements.ts";
import type { RecordingTerminal } from "./recording_terminal.ts";

const { test } = requires(...installNeeds);
const configFile = "/etc/nectarcollector/config.json";
const executable = "/usr/local/bin/nectarcollector";

async function install(box: InstallBox, ...args: string[]): Promise<RecordingTerminal> {
  return await box.run((terminal) => installCommand(terminal, box.world), ["install", ...args]);
}

async function uninstall(
  box: InstallBox,
  args: readonly string[],
  ask?: (question: string) => boolean,
): Promise<RecordingTerminal> {
  const world = { ...box.world, ask: ask ?? null };
  return await box.run((terminal) => uninstallCommand(terminal, world), ["uninstall", ...args]);
}

/** Folders of the system that were missing, and the files of its users, tell nothing. */
function isOwn(line: string): boolean {
  return /nectarcollector|\.d\/|media/.test(line.split(" ")[0] ?? "");
}

function withPorts(): InstallBox {
  const box = new InstallBox();
  box.tree.addUart("ttyS0");
  box.tree.addUsb("ttyUSB0", { socket: "1-2" });
  box.tree.addUart("ttyS1", { place: "pnp0/00:01" });
  box.tree.setConsoles("ttyS1");
  box.tree.addName("by-id/usb-FTDI_US232R_FT0A1B2C-if00-port0", "ttyUSB0");
  return box;
}

test("install makes everything, from the ports that are no console, and the service runs", async () => {
  await using box = withPorts();
  const { outLines, exitCode } = await install(box, "--fips", "1429010002");
  assert.equal(exitCode, 0);
  const config = JSON.parse(readFileSync(box.path(configFile), "utf8"));
  assert.deepEqual(config.ports, [
    { device: "/dev/ttyS0", side_designation: "A1", enabled: true },
    {
      device: "/dev/serial/by-id/usb-FTDI_US232R_FT0A1B2C-if00-port0",
      side_designation: "A2",
      enabled: true,
    },
  ]);
  const ids = box.target.idsOf({ user: "nectarcollector", group: "nectarcollector" });
  assert.ok(box.target.isMember("nectarcollector", "dialout"));
  const look = (path: string): string => {
    const { uid, gid, mode } = statSync(box.path(path));
    const owner = `${uid === ids?.uid ? "own" : uid}:${gid === ids?.gid ? "own" : gid}`;
    return `${owner} ${(mode & 0o7777).toString(8)}`;
  };
  assert.equal(look(configFile), "0:own 640");
  assert.equal(look("/etc/nectarcollector"), "0:own 750");
  assert.equal(look("/var/log/nectarcollector"), "own:own 750");
  assert.equal(look("/var/lib/nectarcollector"), "own:own 750");
  assert.equal(look(executable), "0:0 755");
  for (const { path, text } of systemFiles()) {
    assert.equal(readFileSync(box.path(path), "utf8"), text);
    assert.equal(look(path), "0:0 644");
  }
  assert.notEqual(box.systemd.pid, 0);
  assert.deepEqual(box.systemd.log, [
    "daemon-reload",
    "udevadm control --reload",
    "udevadm trigger --subsystem-match=tty",
    "modprobe --all --quiet usbserial cdc_acm",
    "enable",
    "restart",
  ]);
  assert.ok(outLines.includes("the service runs, with 2 serial ports configured"));
  assert.match(outLines.at(-1) ?? "", /^next +sudo nectarcollector doctor; /);
});

test("install run again changes nothing and restarts nothing, and says so", async () => {
  await using box = withPorts();
  await install(box, "--fips", "1429010002");
  const before = box.contents();
  const { pid } = box.systemd;
  box.systemd.log.length = 0;
  const { outLines, errLines, exitCode } = await install(box);
  assert.equal(exitCode, 0);
  assert.equal(outLines[0], "nothing to do: it is all as it should be");
  assert.deepEqual(errLines, []);
  assert.deepEqual(box.contents(), before);
  assert.deepEqual(box.systemd.log, []);
  assert.equal(box.systemd.pid, pid);
});

test("install --dry-run says what would be done and does nothing", async () => {
  await using box = withPorts();
  const before = box.contents();
  const { outLines, exitCode } = await install(box, "--dry-run", "--fips", "1429010002");
  assert.equal(exitCode, 0);
  assert.ok(outLines.every((line) => line.startsWith("would  ")), outLines.join("\n"));
  assert.ok(outLines.includes(`would  write ${configFile}`));
  assert.ok(outLines.includes("would  start nectarcollector.service"));
  assert.deepEqual(box.contents(), before);
  assert.deepEqual(box.systemd.log, []);
});

test("install without a FIPS code installs, starts nothing, and says what is missing", async () => {
  await using box = withPorts();
  const first = await install(box);
  assert.equal(first.exitCode, 2);
  assert.match(first.errLines.join("\n"), /installed, not started: .*ten digits.*\n→ sudoedit /);
  assert.equal(box.systemd.pid, 0);
  const again = await install(box);
  assert.equal(again.exitCode, 2);
  assert.match(again.errLines.join("\n"), /config\.json:\d+:\d+: .*ten digits/);
  writeFileSync(
    box.path(configFile),
    readFileSync(box.path(configFile), "utf8").replace(
      '"fips_code": ""',
      '"fips_code": "1429010002"',
    ),
  );
  assert.equal((await install(box)).exitCode, 0);
  assert.notEqual(box.systemd.pid, 0);
});

test("a configuration that does not check stops install before it changes anything", async () => {
  await using box = withPorts();
  mkdirSync(box.path("/etc/nectarcollector"));
  writeFileSync(box.path(configFile), '{ "ports": 7 }');
  const before = box.contents();
  const { errLines, exitCode } = await install(box);
  assert.equal(exitCode, 2);
  assert.match(errLines.join("\n"), /config\.json:1:12.*nothing was changed/s);
  assert.deepEqual(box.contents(), before);
});

test("a configuration that is there is kept, and becomes readable by the service alone", async () => {
  await using box = withPorts();
  mkdirSync(box.path("/etc/nectarcollector"));
  const text = `{ "app": { "instance_id": "Übung", "fips_code": "1429010002" }, // from 2019
  "ports": [{ "device": "/dev/ttyS0", "side_designation": "A1", "enabled": true }],
  "logging": { "base_path": "/data/records" } }`;
  const bytes = Buffer.from(`\uFEFF${text}`);
  writeFileSync(box.path(configFile), bytes);
  chmodSync(box.path(configFile), 0o644);
  mkdirSync(box.path("/data/records/old"), { recursive: true });
  writeFileSync(box.path("/data/records/1429010002-A1.2019.log"), "from the earlier program\n");
  symlinkSync(box.path("/etc/group"), box.path("/data/records/link"));
  chownSync(box.path("/data/records/old"), 1234, 1234);
  assert.equal((await install(box)).exitCode, 0);
  assert.ok(readFileSync(box.path(configFile)).equals(bytes));
  assert.equal(statSync(box.path(configFile)).mode & 0o777, 0o640);
  const ids = box.target.idsOf({ user: "nectarcollector", group: "nectarcollector" });
  for (const name of ["", "/old", "/1429010002-A1.2019.log"]) {
    assert.equal(statSync(box.path(`/data/records${name}`)).uid, ids?.uid, name);
  }
  assert.equal(statSync(box.path("/etc/group")).uid, 0, "what a link leads to is none of ours");
  chmodSync(box.path(configFile), 0o644);
  assert.equal((await install(box)).exitCode, 0);
  assert.equal(statSync(box.path(configFile)).mode & 0o777, 0o640);
  const dropIn = "/etc/systemd/system/nectarcollector.service.d/50-site.conf";
  assert.match(readFileSync(box.path(dropIn), "utf8"), /ReadWritePaths="\/data\/records"/);
});

test("a port that is not there, or that the service's user may not open, is told", async () => {
  await using box = withPorts();
  box.systemd.deniesPorts = true;
  mkdirSync(box.path("/etc/nectarcollector"));
  writeFileSync(
    box.path(configFile),
    `{ "app": { "instance_id": "box", "fips_code": "1429010002" }, "ports": [
      { "device": "/dev/ttyS0", "side_designation": "A1", "enabled": true },
      { "device": "/dev/ttyNowhere", "side_designation": "A2", "enabled": true }] }`,
  );
  const { errLines, exitCode } = await install(box);
  assert.equal(exitCode, 0);
  const [denied, missing] = errLines;
  assert.match(denied ?? "", /\/dev\/ttyS0: the user nectarcollector may not open it: .*\n→ see/);
  assert.match(missing ?? "", /\/dev\/ttyNowhere: no such device\n→ plug the adapter in/);
});

test("another version takes over with one restart, and the one before stays beside it", async () => {
  await using box = withPorts();
  await install(box, "--fips", "1429010002");
  const old = readFileSync(box.path(executable));
  const { pid } = box.systemd;
  box.systemd.log.length = 0;
  box.bring("another version");
  const { outLines, exitCode } = await install(box);
  assert.equal(exitCode, 0);
  assert.deepEqual(box.systemd.log, ["restart"]);
  assert.notEqual(box.systemd.pid, pid);
  assert.ok(readFileSync(box.path(executable)).equals(readFileSync(box.executable)));
  assert.ok(readFileSync(box.path(`${executable}.previous`)).equals(old));
  assert.deepEqual(outLines.slice(0, 3), [
    `done  replace ${executable}`,
    "done  start nectarcollector.service anew",
    `done  keep the one before as ${executable}.previous`,
  ]);
});

test("the version before can be gone back to", async () => {
  await using box = withPorts();
  await install(box, "--fips", "1429010002");
  const old = readFileSync(box.path(executable));
  box.bring("another version");
  await install(box);
  const world = { ...box.world, executable: box.path(`${executable}.previous`) };
  const { exitCode } = await box.run((terminal) => installCommand(terminal, world), ["install"]);
  assert.equal(exitCode, 0);
  assert.ok(readFileSync(box.path(executable)).equals(old));
  const other = readFileSync(box.executable);
  assert.ok(readFileSync(box.path(`${executable}.previous`)).equals(other));
});

test("a version that does not come up goes, and the one before runs again", async () => {
  await using box = withPorts();
  await install(box, "--fips", "1429010002");
  const before = box.contents();
  box.systemd.log.length = 0;
  box.bring("one that ends at once");
  const { errLines, exitCode } = await install(box);
  assert.equal(exitCode, 1);
  assert.deepEqual(errLines, [
    "error: start the service: it ended by itself; its last words: the last thing it said",
    "→ read what it says: journalctl -u nectarcollector.service -n 50",
    "everything that was done is taken back",
  ]);
  const others = (lines: readonly string[]): string[] =>
    lines.filter((line) => !line.startsWith("media/"));
  assert.deepEqual(others(box.contents()), others(before));
  assert.notEqual(box.systemd.pid, 0);
  assert.deepEqual(box.systemd.log, ["restart", "daemon-reload", "restart"]);
});

test("a first installation that does not come up leaves the machine as it was", async () => {
  await using box = withPorts();
  box.bring("one that ends at once");
  const before = box.contents();
  const { errLines, exitCode } = await install(box, "--fips", "1429010002");
  assert.equal(exitCode, 1, errLines.join("\n"));
  assert.equal(errLines.at(-1), "everything that was done is taken back");
  assert.deepEqual(box.contents().filter(isOwn), before.filter(isOwn));
  assert.ok(!box.target.hasUser("nectarcollector"));
  assert.ok(!box.target.hasGroup("nectarcollector"));
  assert.ok(!existsSync(box.path("/etc/sysusers.d")), "folders that were made are gone");
  assert.equal(box.systemd.pid, 0);
});

requires(...installNeeds, program("mount")).test(
  "a disk without room for the executable ends with one message, and nothing has changed",
  async () => {
    await using box = withPorts();
    using disk = new MemoryFileSystem({ megabytes: 1 });
    mkdirSync(box.path("/usr/local"), { recursive: true });
    disk.fillTo(16_000);
    symlinkSync(disk.path, box.path("/usr/local/bin"));
    const before = box.contents();
    const { errLines, exitCode } = await install(box, "--fips", "1429010002");
    assert.equal(exitCode, 1);
    assert.match(errLines[0] ?? "", /^error: copy to \/usr\/local\/bin\/nectarcollector: /);
    assert.match(errLines[1] ?? "", /^→ make room or let it be written: df -h /);
    assert.equal(errLines[2], "everything that was done is taken back");
    assert.deepEqual(box.contents().filter(isOwn), before.filter(isOwn));
    assert.deepEqual(readdirSync(disk.path), [".ballast"]);
  },
);

test("uninstall takes everything away but records, state and configuration", async () => {
  await using box = withPorts();
  const before = box.contents();
  await install(box, "--fips", "1429010002");
  writeFileSync(box.path("/var/log/nectarcollector/1429010002-A1.log"), "a record\n");
  const { outLines, exitCode } = await uninstall(box, []);
  assert.equal(exitCode, 0);
  assert.equal(box.systemd.pid, 0);
  assert.equal(
    outLines.at(-1),
    "kept  /etc/nectarcollector, /var/log/nectarcollector, /var/lib/nectarcollector",
  );
  const own = /nectarcollector/;
  const left = box.contents().filter((line) => !before.includes(line) && own.test(line))
    .map((line) => line.split(" ")[0]);
  assert.deepEqual(left, [
    "etc/group",
    "etc/nectarcollector",
    "etc/nectarcollector/config.json",
    "etc/passwd",
    "var/lib/nectarcollector",
    "var/log/nectarcollector",
    "var/log/nectarcollector/1429010002-A1.log",
  ]);
});

test("uninstall --purge asks first, and never where nobody can answer", async () => {
  await using box = withPorts();
  await install(box, "--fips", "1429010002");
  const records = box.path("/var/log/nectarcollector");
  const piped = await uninstall(box, ["--purge"]);
  assert.equal(piped.exitCode, 1);
  assert.match(piped.errLines.join("\n"), /deletes .*\/var\/log\/nectarcollector.*--purge --yes/s);
  const refused = await uninstall(box, ["--purge"], () => false);
  assert.equal(refused.exitCode, 1);
  assert.ok(existsSync(records));
  assert.notEqual(box.systemd.pid, 0, "it still runs");
  const questions: string[] = [];
  const granted = await uninstall(box, ["--purge"], (text) => questions.push(text) > 0);
  assert.equal(granted.exitCode, 0);
  assert.match(questions.join(), /^Delete .*\/var\/log\/nectarcollector.*, with all records\?$/);
  assert.ok(!existsSync(records));
  assert.ok(!box.target.hasUser("nectarcollector"));
  assert.ok(!box.target.hasGroup("nectarcollector"));
});
