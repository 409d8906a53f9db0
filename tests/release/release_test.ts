import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDebianPackage } from "../../release/debian_package.ts";
import { makeRelease } from "../../release/release.ts";
import {
  executablePath,
  packagedExecutablePath,
  systemFiles,
  unitName,
} from "../../src/install/system_files.ts";
import { findProgram } from "../../src/simulate/program_path.ts";
import { type Ended, OverlayMachine, overlayMachineNeeds } from "../support/overlay_machine.ts";
import { checkoutFolder, makeKey, TestRelease } from "../support/release_shelf.ts";
import { program, requires } from "../support/requirements.ts";
import { runProgram } from "../support/run_program.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const tools = [program("openssl"), program("dpkg-deb")];
const architectures = ["x86_64", "aarch64"] as const;

requires(...tools).test(
  "a release is signed as a whole, and the same from the same sources",
  async () => {
    using folder = new TemporaryFolder();
    const keyFile = await makeKey(folder);
    const executable = folder.join("executable");
    writeFileSync(executable, "an executable", { mode: 0o755 });
    const outputs = [folder.join("one"), folder.join("somewhere/else/two")];
    const umask = Deno.umask();
    try {
      for (const output of outputs) {
        // Whoever makes it may keep his files to himself.
        Deno.umask(output === outputs[0] ? 0o022 : 0o077);
        await makeRelease({
          folder: checkoutFolder,
          output,
          executables: architectures.map((architecture) => ({ architecture, path: executable })),
          sources: { commit: "0123456789ab", epochSec: 1_700_000_000 },
          keyFile,
          url: "https://downloads.example.org/nectarcollector",
        });
      }
    } finally {
      Deno.umask(umask);
    }
    const [one = "", two = ""] = outputs;
    const { version } = JSON.parse(readFileSync(join(checkoutFolder, "deno.json"), "utf8"));
    assert.deepEqual(readdirSync(one).sort(), [
      "SHA256SUMS",
      "SHA256SUMS.sig",
      "install.sh",
      `nectarcollector-${version}-linux-aarch64.tar.gz`,
      `nectarcollector-${version}-linux-x86_64.tar.gz`,
      `nectarcollector-${version}.cdx.json`,
      `nectarcollector_${version}_amd64.deb`,
      `nectarcollector_${version}_arm64.deb`,
    ]);
    for (const name of readdirSync(one)) {
      assert.ok(readFileSync(join(one, name)).equals(readFileSync(join(two, name))), name);
    }
    await runProgram("sha256sum", ["--check", "--strict", "SHA256SUMS"], { folder: one });
    const key = /release_key='([^']*)'/.exec(readFileSync(join(one, "install.sh"), "utf8"))?.[1];
    writeFileSync(join(one, "key"), `${key}\n`);
    const verify =
      "pkeyutl -verify -pubin -inkey key -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig";
    await runProgram("openssl", verify.split(" "), { folder: one });
    writeFileSync(join(one, "SHA256SUMS"), "another list");
    await assert.rejects(runProgram("openssl", verify.split(" "), { folder: one }));
  },
);

requires(...tools).test(
  "the software bill names every library that is imported, with sum and licence",
  async () => {
    const release = await TestRelease.make();
    const bill = JSON.parse(
      readFileSync(join(release.folder, `nectarcollector-${release.version}.cdx.json`), "utf8"),
    );
    assert.equal(bill.bomFormat, "CycloneDX");
    assert.equal(bill.metadata.component.version, release.version);
    const libraries = bill.components.filter(({ type }: { type: string }) => type === "library");
    const names: string[] = libraries.map(({ name }: { name: string }) => name);
    const { imports } = JSON.parse(readFileSync(join(checkoutFolder, "deno.json"), "utf8"));
    const ours = Object.keys(imports).filter((name) => name !== "fast-check");
    for (const name of [...ours, "tweetnacl"]) assert.ok(names.includes(name), name);
    assert.ok(!names.includes("fast-check"), "only tests import it");
    for (const { name, hashes, licenses, purl } of libraries) {
      assert.match(hashes[0].content, /^[0-9a-f]{128}$/, name);
      assert.match(licenses[0].license.id, /^[A-Z]/, name);
      assert.match(purl, /^pkg:npm\/(%40[^@]+|[^@%]+)@\d/);
    }
    const references = new Set(
      bill.components.map((each: Record<string, unknown>) => each["bom-ref"]),
    );
    for (const { dependsOn } of bill.dependencies) {
      for (const reference of dependsOn) assert.ok(references.has(reference), reference);
    }
  },
);

/** dpkg on a machine, and packages of the executable `echo`, which tells how it was called. */
class PackagedMachine implements Disposable {
  readonly machine = new OverlayMachine();
  readonly #folder = new TemporaryFolder("packages");

  /** Makes a package of that version, and puts it on the machine. */
  async bring(version: string): Promise<string> {
    const executable = this.#folder.join("executable");
    cpSync(findProgram("echo") ?? "", executable);
    const name = await makeDebianPackage({
      folder: this.#folder.path,
      executable,
      version,
      architecture: Deno.build.arch,
      epochSec: 0,
    });
    this.machine.put(`/media/${name}`, readFileSync(this.#folder.join(name)));
    return `/media/${name}`;
  }

  async dpkg(...args: string[]): Promise<Ended> {
    const environment = { DEBIAN_FRONTEND: "noninteractive", TERM: "dumb" };
    return await this.machine.run(["dpkg", ...args], { environment });
  }

  async said(...args: string[]): Promise<string> {
    const { code, out, err } = await this.dpkg(...args);
    assert.equal(code, 0, err);
    return out + err;
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

const packaged = requires(...tools, ...overlayMachineNeeds, program("dpkg"));

packaged.test(
  "the Debian package brings the same files, and installs, upgrades and goes with the same steps",
  async () => {
    using site = new PackagedMachine();
    const { machine } = site;
    const packages = [await site.bring("1.0.0"), await site.bring("1.0.1")];
    const [first = "", second = ""] = packages;
    assert.match(await site.said("--install", first), /^install --packaged$/m);
    for (const { packagedPath, text } of systemFiles(packagedExecutablePath)) {
      assert.equal(readFileSync(machine.path(packagedPath), "utf8"), text);
    }
    const records = "/var/log/nectarcollector/1429010002-A1.log";
    const config = "/etc/nectarcollector/config.json";
    const state = "/var/lib/nectarcollector/nats.cursors.json";
    for (const path of [records, config, state]) machine.put(path, "a site's own\n");
    const keeps = (...paths: string[]): void => {
      const there = [records, config, state].filter((path) => existsSync(machine.path(path)));
      assert.deepEqual(there, paths);
      for (const path of paths) {
        assert.equal(readFileSync(machine.path(path), "utf8"), "a site's own\n");
      }
    };
    const upgraded = await site.said("--install", second);
    assert.match(upgraded, /^install --packaged$/m);
    assert.doesNotMatch(upgraded, /uninstall/);
    assert.match(await site.said("--status", "nectarcollector"), /^Version: 1\.0\.1$/m);
    keeps(records, config, state);
    assert.match(await site.said("--install", first), /^install --packaged$/m, "and back");
    assert.match(await site.said("--remove", "nectarcollector"), /^uninstall --packaged$/m);
    assert.ok(!existsSync(machine.path(packagedExecutablePath)));
    keeps(records, config, state);
    assert.match(await site.said("--install", second), /^install --packaged$/m, "and again");
    keeps(records, config, state);
    await site.said("--remove", "nectarcollector");
    assert.match(await site.said("--purge", "nectarcollector"), /the records stay in/);
    keeps(records);
    const left = machine.changes().filter((path) => /nectarcollector/.test(path));
    assert.deepEqual(left.filter((path) => !packages.includes(path)), [dirname(records), records]);
  },
);

packaged.test(
  "the Debian package refuses a machine where something comes before it, and changes nothing",
  async () => {
    using site = new PackagedMachine();
    const { machine } = site;
    const file = await site.bring("1.0.0");
    for (const path of [executablePath, `/etc/systemd/system/${unitName}`]) {
      machine.put(path, "an earlier one\n");
      machine.settle();
      const { code, err } = await site.dpkg("--install", file);
      assert.notEqual(code, 0);
      assert.match(
        err,
        new RegExp(`^error: ${path} is there, which no package brought.*\n→ `, "m"),
      );
      const others = machine.changes().filter((path) => !/^\/var\/(lib|log)(\/dpkg|$)/.test(path));
      assert.deepEqual(others, []);
      assert.equal((await machine.run(["rm", path])).code, 0);
    }
    assert.match(await site.said("--install", file), /^install --packaged$/m);
    machine.put(`/etc/systemd/system/${unitName}`, "edited by systemctl edit --full\n");
    assert.match(await site.said("--install", file), /^install --packaged$/m, "an upgrade");
  },
);
