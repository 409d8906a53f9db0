// The executable itself, installed, upgraded and taken away on a copy of this machine.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { makeDebianPackage } from "../../release/debian_package.ts";
import { program, requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { anotherVersion, executable, InstalledCopy, installedCopyNeeds } from "./installed_copy.ts";

requires(...installedCopyNeeds).test(
  "the executable installs itself, captures as its own user, upgrades, and goes; the records stay",
  async () => {
    await using box = new InstalledCopy();
    const { machine } = box;
    await box.bringRelease();
    const script = ["sh", "/media/install.sh", "--offline", "/media/archive"];
    assert.match(await box.run(...script), /the service runs, with 1 serial port configured/);
    await box.capture("the first record");
    const running = await box.run("systemctl", "show");
    machine.settle();
    assert.match(await box.run(...script), /^nothing to do/);
    assert.match(await box.run("nectarcollector", "install"), /^nothing to do/);
    assert.equal(await box.run("systemctl", "show"), running);
    assert.deepEqual(box.changes(), [], "run twice, it changes nothing");

    machine.put("/media/nectarcollector", anotherVersion());
    await box.run("nectarcollector", "upgrade", "/media/nectarcollector");
    assert.notEqual(await box.run("systemctl", "show"), running);
    assert.match(await box.run("nectarcollector", "--version"), /commit ffffffffffff/);
    await box.capture("the second record");

    await box.run("nectarcollector", "uninstall");
    assert.match(await box.run("systemctl", "show"), /MainPID=0/);
    assert.match(box.records, /the first record\n(.*\n)*.*the second record\n/);
    const left = machine.changes().filter((path) =>
      /nectarcollector/.test(path) && existsSync(machine.path(path))
    );
    const kept = /^\/media\/|^\/(etc|var\/log|var\/lib|run)\/nectarcollector(\/|$)/;
    assert.deepEqual(left.filter((path) => !kept.test(path)), []);
    assert.ok(!readdirSync(machine.path("/usr/local/bin")).includes("nectarcollector"));
  },
);

requires(...installedCopyNeeds, program("dpkg"), program("dpkg-deb")).test(
  "the Debian package of the executable captures, is upgraded, removed and purged; the records stay",
  async () => {
    await using box = new InstalledCopy();
    const { machine } = box;
    using folder = new TemporaryFolder("packages");
    const bring = async (version: string, bytes: Uint8Array): Promise<string> => {
      const path = folder.join("executable");
      writeFileSync(path, bytes);
      const facts = { version, architecture: Deno.build.arch, epochSec: 0 };
      const name = await makeDebianPackage({ folder: folder.path, executable: path, ...facts });
      machine.put(`/media/${name}`, readFileSync(folder.join(name)));
      return `/media/${name}`;
    };
    const config = "/etc/nectarcollector/config.json";
    const before = readFileSync(machine.path(config));
    const first = await bring("1.0.0", readFileSync(executable));
    assert.match(await box.run("dpkg", "--install", first), /the service runs, with 1 serial/);
    await box.capture("the first record");
    const running = await box.run("systemctl", "show");
    const second = await bring("1.0.1", anotherVersion());
    await box.run("dpkg", "--install", second);
    assert.notEqual(await box.run("systemctl", "show"), running);
    assert.match(await box.run("nectarcollector", "--version"), /commit ffffffffffff/);
    await box.capture("the second record");
    await box.run("dpkg", "--remove", "nectarcollector");
    assert.match(await box.run("systemctl", "show"), /MainPID=0/);
    assert.ok(readFileSync(machine.path(config)).equals(before));
    await box.run("dpkg", "--install", first);
    await box.capture("the third record");
    await box.run("dpkg", "--purge", "nectarcollector");
    assert.match(box.records, /first record\n(.*\n)*.*second record\n(.*\n)*.*third record\n/);
    for (const path of ["/etc/nectarcollector", "/var/lib/nectarcollector"]) {
      assert.ok(
        !readdirSync(machine.path(path.replace(/\/[^/]*$/, ""))).includes("nectarcollector"),
      );
    }
  },
);
