// Installations that do not come to their end: killed, stopped, begun twice, out of room.

import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { installCommand } from "../../src/cli/install.ts";
import { uninstallCommand } from "../../src/cli/uninstall.ts";
import { InstallLock } from "../../src/install/install_lock.ts";
import { planInstallation } from "../../src/install/installation.ts";
import type { RunProgram } from "../../src/install/programs.ts";
import { planRemoval } from "../../src/install/removal.ts";
import type { Step } from "../../src/install/step.ts";
import { findProgram } from "../../src/simulate/program_path.ts";
import { InstallBox, installNeeds } from "../support/install_box.ts";
import { MemoryFileSystem } from "../support/memory_file_system.ts";
import { program, requires } from "../support/requirements.ts";
import { runProgram } from "../support/run_program.ts";
import { seeds } from "../support/seeds.ts";
import { waitFor } from "../support/wait_for.ts";
import type { RecordingTerminal } from "./recording_terminal.ts";

const { test } = requires(...installNeeds);
const executable = "/usr/local/bin/nectarcollector";
const unit = "/etc/systemd/system/nectarcollector.service";
const lock = "/run/nectarcollector-install.lock";
const fips = "1429010002";

async function install(box: InstallBox, ...args: string[]): Promise<RecordingTerminal> {
  return await box.run((terminal) => installCommand(terminal, box.world), ["install", ...args]);
}

async function uninstall(box: InstallBox, ...args: string[]): Promise<RecordingTerminal> {
  const world = { ...box.world, ask: null };
  return await box.run((terminal) => uninstallCommand(terminal, world), ["uninstall", ...args]);
}

interface Story {
  /** Brings the machine to where it begins. */
  readonly before: (box: InstallBox) => Promise<void>;
  readonly plan: (box: InstallBox) => Promise<readonly Step[]>;
  readonly again: (box: InstallBox) => Promise<RecordingTerminal>;
}

const installation = async (box: InstallBox): Promise<readonly Step[]> => {
  const wishes = { source: box.executable, fips, instance: "box", nats: undefined };
  return (await planInstallation(wishes, box.tools)).steps;
};
const again = (box: InstallBox): Promise<RecordingTerminal> =>
  install(box, "--fips", fips, "--instance", "box");

const firstInstallation: Story = { before: () => Promise.resolve(), plan: installation, again };

const upgrade: Story = {
  before: async (box) => {
    await again(box);
    writeFileSync(box.path(unit), "# of another version\n[Service]\n");
    await box.systemd.run("systemctl", ["daemon-reload"]);
    await box.systemd.run("systemctl", ["restart"]);
    box.bring("another version");
  },
  plan: installation,
  again,
};

const stories: Readonly<Record<string, Story>> = {
  "a first installation": firstInstallation,
  "an upgrade with another unit": upgrade,
  "an uninstallation with everything": {
    before: async (box) => {
      const config = {
        app: { instance_id: "box", fips_code: fips },
        ports: [{ device: "/dev/ttyS0", side_designation: "A1", enabled: true }],
        logging: { base_path: "/data/records" },
      };
      mkdirSync(box.path("/etc/nectarcollector"));
      writeFileSync(box.path("/etc/nectarcollector/config.json"), JSON.stringify(config));
      await again(box);
      writeFileSync(box.path("/data/records/1429010002-A1.log"), "a record\n");
    },
    plan: async (box) => (await planRemoval({ purge: true, packaged: false }, box.tools)).steps,
    again: (box) => uninstall(box, "--purge", "--yes"),
  },
};

async function begun({ before }: Story): Promise<InstallBox> {
  const box = new InstallBox();
  box.tree.addUart("ttyS0");
  await before(box);
  return box;
}

/** Does the first steps, as a process that is killed then. Resolves to how many there are in all. */
async function killedAfter(count: number, box: InstallBox, { plan }: Story): Promise<number> {
  const steps = await plan(box);
  writeFileSync(box.path(lock), "1\n");
  for (const step of steps.slice(0, count)) {
    if ((await step.look()).length > 0) await step.apply();
  }
  return steps.length;
}

/** What the machine holds, and whether systemd and the service know it. */
function standing(box: InstallBox): readonly unknown[] {
  const { pid } = box.systemd;
  const runs = pid === 0 ? null : box.libc.readLink(`/proc/${pid}/exe`);
  return [box.contents(), box.systemd.startedUnit, runs?.replace(box.path("/"), "/")];
}

/** Every how many steps it is killed, from which on. */
const stride = Deno.env.get("INSTALL_KILLS") === "all" ? 1 : 7;
const [seed = 0] = seeds();

for (const [name, story] of Object.entries(stories)) {
  test(`${name} that is killed between any two steps comes to the same end the next time`, async () => {
    await using undisturbed = await begun(story);
    await story.again(undisturbed);
    const end = standing(undisturbed);
    console.log(`seed ${seed}`);
    let all = stride;
    for (let count = seed % stride; count <= all; count += stride) {
      await using box = await begun(story);
      all = await killedAfter(count, box, story);
      const { exitCode, errLines } = await story.again(box);
      assert.equal(exitCode, 0, errLines.join("\n"));
      assert.deepEqual(standing(box), end, `killed after ${count} steps`);
      assert.ok(!existsSync(box.path(lock)));
    }
  });
}

/** A machine with a version, and the one that ends at once in its place: killed before it was tried. */
async function killedBeforeTheTrial(): Promise<InstallBox> {
  const box = await begun(upgrade);
  box.bring("one that ends at once");
  const steps = await installation(box);
  const swap = steps.findIndex(({ goal }) => goal === executable);
  await killedAfter(swap + 1, box, firstInstallation);
  assert.ok(readFileSync(box.path(executable)).equals(readFileSync(box.executable)));
  return box;
}

test("an upgrade that was killed before the new one was seen running is taken back the next time, if it does not come up", async () => {
  for (const isStartedAnew of [false, true]) {
    await using box = await killedBeforeTheTrial();
    if (isStartedAnew) {
      // The folder of the lock is in memory, and the new one was started, in vain.
      rmSync(box.path(lock));
      await box.systemd.run("systemctl", ["stop"]);
    }
    const { exitCode, errLines } = await install(box);
    assert.equal(exitCode, 1);
    assert.match(errLines[0] ?? "", /^error: start the service: it ended by itself/);
    assert.equal(errLines.at(-1), "everything that was done is taken back");
    assert.ok(readFileSync(box.path(executable)).equals(readFileSync(findProgram("sleep") ?? "")));
    assert.deepEqual(readdirSync(box.path("/usr/local/bin")), ["nectarcollector"]);
    assert.notEqual(box.systemd.pid, 0, "the one before runs");
  }
});

test("the one that ran before an upgrade that was killed can be put back by hand", async () => {
  await using box = await killedBeforeTheTrial();
  const world = { ...box.world, executable: box.path(`${executable}.fallback`) };
  const { exitCode } = await box.run((terminal) => installCommand(terminal, world), ["install"]);
  assert.equal(exitCode, 0);
  assert.ok(readFileSync(box.path(executable)).equals(readFileSync(findProgram("sleep") ?? "")));
  assert.ok(!existsSync(box.path(`${executable}.fallback`)));
  assert.notEqual(box.systemd.pid, 0);
});

test("an upgrade that was killed is followed by one to yet another version, and the one that ran last is kept", async () => {
  await using box = await killedBeforeTheTrial();
  box.bring("another version");
  assert.equal((await install(box)).exitCode, 0);
  assert.ok(readFileSync(box.path(executable)).equals(readFileSync(box.executable)));
  assert.ok(
    readFileSync(box.path(`${executable}.previous`)).equals(
      readFileSync(findProgram("sleep") ?? ""),
    ),
  );
});

test("what a killed installation left half-written goes the next time, and a site's own files stay", async () => {
  await using box = await begun(firstInstallation);
  await again(box);
  const before = standing(box);
  const left = [executable, unit, "/etc/nectarcollector/config.json"];
  for (const path of left) writeFileSync(box.path(`${path}.installing`), "half");
  const { outLines, exitCode } = await again(box);
  assert.equal(exitCode, 0);
  assert.deepEqual(standing(box), before);
  for (const path of left) {
    assert.ok(outLines.includes(`done  remove ${path}.installing, which was left there`), path);
  }
  const own = box.path("/etc/nectarcollector/config.json.new");
  writeFileSync(own, "a draft");
  await again(box);
  assert.equal(readFileSync(own, "utf8"), "a draft");
});

test("two at once: the second changes nothing, and says who is at work", async () => {
  await using box = await begun(firstInstallation);
  await again(box);
  box.bring("another version");
  const before = box.contents();
  const atWork = new InstallLock(box.libc, box.target);
  try {
    for (const attempt of [install, uninstall]) {
      const { exitCode, errLines } = await attempt(box);
      assert.equal(exitCode, 1);
      const [message, hint] = errLines;
      const name = attempt === install ? "install" : "uninstall";
      const other = `another install, upgrade or uninstall is at work (pid ${Deno.pid})`;
      assert.equal(message, `error: ${name}: ${other}`);
      assert.equal(hint, "→ wait until it has ended, then run it again");
    }
    assert.equal((await install(box, "--dry-run")).exitCode, 0, "who only looks need not wait");
    const lockLine = /^run\/nectarcollector-install\.lock /;
    assert.deepEqual(box.contents().filter((line) => !lockLine.test(line)), before);
  } finally {
    atWork[Symbol.dispose]();
  }
  assert.equal((await install(box)).exitCode, 0);
  assert.ok(!existsSync(box.path(lock)));
});

test("an installation that is told to end takes back what it did", async () => {
  await using box = await begun(firstInstallation);
  const before = box.contents();
  const run: RunProgram = async (program, args) => {
    const ran = await box.systemd.run(program, args);
    if (args.includes("enable")) {
      let isHeard = false;
      const listener = (): void => {
        isHeard = true;
      };
      Deno.addSignalListener("SIGTERM", listener);
      Deno.kill(Deno.pid, "SIGTERM");
      await waitFor("the signal", () => isHeard);
      Deno.removeSignalListener("SIGTERM", listener);
    }
    return ran;
  };
  const terminal = await box.run(
    (terminal) => installCommand(terminal, { ...box.world, run }),
    ["install", "--fips", fips],
  );
  assert.equal(terminal.exitCode, 1);
  assert.deepEqual(terminal.errLines, [
    "error: stopped before the end",
    "→ run it again",
    "everything that was done is taken back",
  ]);
  assert.equal(box.systemd.pid, 0);
  const isOwn = (line: string): boolean => /nectarcollector|\.d\//.test(line.split(" ")[0] ?? "");
  assert.deepEqual(box.contents().filter(isOwn), before.filter(isOwn));
});

test("a restart that goes on though systemctl was hung up with its terminal is waited for", async () => {
  for (const what of ["a version", "one that ends at once"] as const) {
    await using box = await begun(firstInstallation);
    box.bring(what);
    const run: RunProgram = async (program, args) => {
      const ran = await box.systemd.run(program, args);
      return args[0] === "restart" ? { ...ran, code: 129 } : ran;
    };
    const { exitCode } = await box.run(
      (terminal) => installCommand(terminal, { ...box.world, run }),
      ["install", "--fips", fips],
    );
    assert.equal(exitCode, what === "a version" ? 0 : 1);
    assert.equal(existsSync(box.path(executable)), what === "a version");
  }
});

requires(...installNeeds, program("mount")).test(
  "an upgrade that has no room, or may not write, leaves the one before in its place, and running",
  async () => {
    await using box = await begun(firstInstallation);
    using disk = new MemoryFileSystem({ megabytes: 1 });
    mkdirSync(box.path("/usr/local"), { recursive: true });
    symlinkSync(disk.path, box.path("/usr/local/bin"));
    assert.equal((await again(box)).exitCode, 0);
    const { pid } = box.systemd;
    box.bring("another version");
    const attempt = async (): Promise<void> => {
      const before = box.contents();
      const { exitCode, errLines } = await install(box);
      assert.equal(exitCode, 1);
      assert.match(errLines[0] ?? "", /^error: copy to \/usr\/local\/bin\/nectarcollector: /);
      assert.match(errLines[1] ?? "", /^→ make room or let it be written: df -h /);
      assert.deepEqual(box.contents(), before);
      const files = readdirSync(disk.path).filter((name) => !name.startsWith("."));
      assert.deepEqual(files, ["nectarcollector"]);
      assert.ok(
        readFileSync(box.path(executable)).equals(readFileSync(findProgram("sleep") ?? "")),
      );
      assert.notEqual(box.systemd.pid, 0);
    };
    disk.fillTo(8000);
    await attempt();
    disk.free();
    await runProgram("mount", ["-o", "remount,ro", disk.path], { folder: "/" });
    await attempt();
    assert.equal(box.systemd.pid, pid, "it was not even started anew");
  },
);
