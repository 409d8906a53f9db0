import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packagedExecutablePath, systemFiles } from "../../src/install/system_files.ts";
import { makeRelease } from "../../release/release.ts";
import { OverlayMachine, overlayMachineNeeds } from "../support/overlay_machine.ts";
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
    const outputs = [folder.join("one"), folder.join("two")];
    for (const output of outputs) {
      await makeRelease({
        folder: checkoutFolder,
        output,
        executables: architectures.map((architecture) => ({ architecture, path: executable })),
        sources: { commit: "0123456789ab", epochSec: 1_700_000_000 },
        keyFile,
        url: "https://downloads.example.org/nectarcollector",
      });
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

requires(...tools, ...overlayMachineNeeds, program("dpkg")).test(
  "the Debian package brings the same files, installs with the same steps, and keeps the records",
  async () => {
    const release = await TestRelease.make();
    using machine = new OverlayMachine();
    const debian = { x86_64: "amd64", aarch64: "arm64" }[Deno.build.arch];
    const name = `nectarcollector_${release.version}_${debian}.deb`;
    machine.put("/media/package.deb", readFileSync(join(release.folder, name)));
    const dpkg = async (...args: string[]): Promise<string> => {
      const environment = { DEBIAN_FRONTEND: "noninteractive", TERM: "dumb" };
      const { code, out, err } = await machine.run(["dpkg", ...args], { environment });
      assert.equal(code, 0, err);
      return out + err;
    };
    assert.match(await dpkg("--install", "/media/package.deb"), /^install --packaged$/m);
    for (const { packagedPath, text } of systemFiles(packagedExecutablePath)) {
      assert.equal(readFileSync(machine.path(packagedPath), "utf8"), text);
    }
    const records = "/var/log/nectarcollector/1429010002-A1.log";
    mkdirSync(machine.path("/etc/nectarcollector"), { recursive: true });
    machine.put(records, "a record\n");
    assert.match(await dpkg("--remove", "nectarcollector"), /^uninstall --packaged$/m);
    assert.match(await dpkg("--purge", "nectarcollector"), /the records stay in/);
    assert.equal(readFileSync(machine.path(records), "utf8"), "a record\n");
    const left = machine.changes().filter((path) => /nectarcollector/.test(path));
    assert.deepEqual(left, [dirname(records), records]);
  },
);
