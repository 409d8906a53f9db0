// What an uninstallation says of records that wait.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { installCommand } from "../../src/cli/install.ts";
import { uninstallCommand } from "../../src/cli/uninstall.ts";
import { Journal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { FailingDisk } from "../support/failing_disk.ts";
import { InstallBox, installNeeds } from "../support/install_box.ts";
import { channel, feed, journalOf, name, plentyOfRoom } from "../support/journal_box.ts";
import { requires } from "../support/requirements.ts";
import type { RecordingTerminal } from "./recording_terminal.ts";

const { test } = requires(...installNeeds);
const records = "/var/log/nectarcollector";
const memory = "/run/nectarcollector";

/** A machine with three records that were never delivered, and two more that the disk did not take. */
async function used(): Promise<InstallBox> {
  const box = new InstallBox();
  box.tree.addUart("ttyS0");
  const install = ["install", "--fips", channel.fips, "--instance", "box"];
  await box.run((terminal) => installCommand(terminal, box.world), install);
  const disk = new FailingDisk();
  mkdirSync(box.path(memory));
  const journal = await Journal.open({
    ...journalOf(channel),
    folder: box.path(records),
    ...plentyOfRoom(box.path(`${memory}/tail`)),
    statePath: box.path(`/var/lib/nectarcollector/${name}.journal.json`),
    boot: "one",
    maxSegmentBytes: 1024 * 1024,
    maxBackups: 10,
    compress: false,
    holders: ["nats"],
    sync: 3_600_000,
    disk,
    clock: systemClock,
    report: () => {},
  });
  for (const text of ["one\n", "two\n", "three\n"]) feed(journal, text);
  await journal.sync();
  disk.before = ({ what, path }) => {
    if (what === "append" && path.startsWith(box.path(records))) throw new Error("full");
  };
  for (const text of ["four\n", "five\n"]) feed(journal, text);
  await journal.close();
  return box;
}

async function uninstall(
  box: InstallBox,
  args: readonly string[],
  ask: ((question: string) => boolean) | null = null,
): Promise<RecordingTerminal> {
  const world = { ...box.world, ask };
  return await box.run((terminal) => uninstallCommand(terminal, world), ["uninstall", ...args]);
}

test("uninstall says how many records wait for delivery, and how many are on no disk", async () => {
  await using box = await used();
  const { errLines, exitCode } = await uninstall(box, []);
  assert.equal(exitCode, 0);
  assert.deepEqual(errLines, [
    "warning: not delivered to nats yet: 5 records",
    "→ they stay, and are delivered once it is installed here again",
    "warning: in memory only, and on no disk: 2 records",
    "→ make room on the disk, and install it again before this machine is restarted",
  ]);
  assert.ok(existsSync(box.path(`${memory}/tail`)), "they are still there");
});

test("uninstall --purge says it before it asks, and takes the records in memory as well", async () => {
  await using box = await used();
  const warnings = [
    "warning: not delivered to nats yet: 5 records",
    "warning: in memory only, and on no disk: 2 records",
  ];
  const piped = await uninstall(box, ["--purge"]);
  assert.deepEqual(piped.errLines.slice(0, 2), warnings);
  assert.equal(piped.exitCode, 1);
  const { outLines } = await uninstall(box, ["--purge", "--dry-run", "--json"]);
  assert.deepEqual(JSON.parse(outLines.join("\n")).waiting, {
    undelivered: [{ sink: "nats", records: 5 }],
    in_memory: 2,
    unknown: null,
  });
  const granted = await uninstall(box, ["--purge"], () => true);
  assert.equal(granted.exitCode, 0);
  assert.deepEqual(granted.errLines, warnings);
  assert.ok(!existsSync(box.path(memory)));
  assert.ok(!existsSync(box.path(records)));
});

test("uninstall says so when it cannot tell, and nothing where nothing was ever captured", async () => {
  await using box = await used();
  const config = box.path("/etc/nectarcollector/config.json");
  writeFileSync(config, "{");
  const { errLines, exitCode } = await uninstall(box, ["--dry-run"]);
  assert.equal(exitCode, 0);
  assert.match(errLines.join("\n"), /^warning: whether records wait cannot be told: .*problems$/);
  rmSync(box.path(records), { recursive: true });
  assert.deepEqual((await uninstall(box, ["--dry-run"])).errLines, []);
  rmSync(config);
  assert.deepEqual((await uninstall(box, ["--dry-run"])).errLines, []);
});
