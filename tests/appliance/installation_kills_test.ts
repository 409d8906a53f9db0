// The executable's own `install`, killed at its system calls that change something:
// what stands then works, and the next one comes to the same end as an undisturbed one.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { program, requires } from "../support/requirements.ts";
import { seeds } from "../support/seeds.ts";
import { anotherVersion, executable, InstalledCopy, installedCopyNeeds } from "./installed_copy.ts";

const install = ["/media/nectarcollector", "install"];
const installed = "/usr/local/bin/nectarcollector";
const unit = "/etc/systemd/system/nectarcollector.service";
const calls =
  "rename,linkat,unlink,mkdir,chmod,fchmod,chown,fsync,ftruncate,copy_file_range,clone3";

/** A system call, and the how-manieth of its name. */
interface Site {
  readonly call: string;
  readonly count: number;
}

/** Installs what is on the stick, and tells its system calls that change something. */
async function traced(box: InstalledCopy): Promise<Site[]> {
  await box.run("strace", "-qq", "-o", "/media/trace", "-e", `trace=${calls}`, ...install);
  const counts = new Map<string, number>();
  return readFileSync(box.machine.path("/media/trace"), "utf8").split("\n").flatMap((line) => {
    const [call = ""] = /^[a-z0-9_]+(?=\()/.exec(line) ?? [];
    if (call === "") return [];
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    return [{ call, count }];
  });
}

/** The same, killed there; it may not come so far, since how often it asks is a matter of time. */
async function killedAt(box: InstalledCopy, { call, count }: Site): Promise<void> {
  const inject = `inject=${call}:signal=SIGKILL:when=${count}`;
  const strace = ["strace", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject];
  const { code, out } = await box.machine.run([...strace, ...install]);
  assert.ok(code === 137 || code === 0, out);
}

/** Everything of ours but records, and whether the service runs what is there. */
async function standing(box: InstalledCopy): Promise<readonly unknown[]> {
  const { machine } = box;
  const pid = /MainPID=(\d+)/.exec(await box.run("systemctl", "show"))?.[1] ?? "";
  const paths = [installed, `${installed}.previous`, unit, `${unit}.before`];
  const files = paths.map((path) =>
    existsSync(machine.path(path)) ? readFileSync(machine.path(path)) : null
  );
  const left = [`${installed}.fallback`, `${installed}.installing`, `${unit}.installing`]
    .filter((path) => existsSync(machine.path(path)));
  return [await box.run("readlink", `/proc/${pid}/exe`), left, ...files];
}

async function upgradable(): Promise<InstalledCopy> {
  const box = new InstalledCopy();
  box.machine.put("/media/nectarcollector", readFileSync(executable));
  await box.run("/media/nectarcollector", "install");
  box.machine.put("/media/nectarcollector", anotherVersion());
  box.machine.put(unit, readFileSync(box.machine.path(unit), "utf8").replace(/^OOM.*$/m, ""));
  return box;
}

requires(...installedCopyNeeds, program("strace")).test(
  "an upgrade that is killed at any system call leaves what works, and is ended by the next one",
  async (t) => {
    const stride = Number(Deno.env.get("INSTALL_KILL_STRIDE") ?? 12);
    const [seed = 0] = seeds();
    console.log(`seed ${seed}`);
    await using undisturbed = await upgradable();
    const sites = await traced(undisturbed);
    const end = await standing(undisturbed);
    for (const site of sites.filter((_, i) => i % stride === seed % stride)) {
      await t.step(`at ${site.call} ${site.count}`, async () => {
        await using box = await upgradable();
        await killedAt(box, site);
        await box.run("rm", "-f", "/run/pretend/said");
        await box.run("systemctl", "restart");
        await box.capture(`after ${site.call} ${site.count}`);
        await box.run(...install);
        assert.deepEqual(await standing(box), end);
      });
    }
  },
);
