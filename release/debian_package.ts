// The Debian package: the executable and the same files as `install` writes, at the places of packages.
// What is left, users, folders, configuration, service, is done by `install --packaged`.

import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  executablePath,
  packagedExecutablePath,
  systemFiles,
  unitName,
} from "../src/install/system_files.ts";
import type { Architecture } from "./executable.ts";
import { runTool } from "./program.ts";

const debianNames: Readonly<Record<Architecture, string>> = { x86_64: "amd64", aarch64: "arm64" };

/**
 * By its whole path: another one of that name may come first. Exit code 2 is a configuration that is
 * not complete: the package is installed all the same.
 */
const scripts = {
  preinst: `#!/bin/sh
set -e
[ "$1" = install ] || exit 0
for file in ${executablePath} /etc/systemd/system/${unitName}; do
  if [ -e $file ]; then
    echo "error: $file is there, which no package brought, and which comes before the package's" >&2
    echo '→ sudo nectarcollector uninstall (records and configuration stay); if it is of an earlier' \\
      'service: move it away' >&2
    exit 1
  fi
done
`,
  postinst: `#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
if [ -d /run/systemd/system ]; then
  ${packagedExecutablePath} install --packaged || [ $? -eq 2 ]
else
  ${packagedExecutablePath} install --packaged --root / || [ $? -eq 2 ]
fi
`,
  prerm: `#!/bin/sh
set -e
[ "$1" = remove ] || exit 0
if [ -d /run/systemd/system ]; then
  ${packagedExecutablePath} uninstall --packaged
else
  ${packagedExecutablePath} uninstall --packaged --root /
fi
`,
  postrm: `#!/bin/sh
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload
if [ "$1" = purge ]; then
  rm -rf /etc/nectarcollector /var/lib/nectarcollector
  [ ! -d /var/log/nectarcollector ] ||
    echo 'nectarcollector: the records stay in /var/log/nectarcollector' >&2
fi
`,
} as const;

export interface DebianPackageOptions {
  /** Where it is put. */
  readonly folder: string;
  readonly executable: string;
  readonly version: string;
  readonly architecture: Architecture;
  readonly epochSec: number;
}

/** Makes it; resolves to its name. @throws {Error} */
export async function makeDebianPackage(options: DebianPackageOptions): Promise<string> {
  const { folder, executable, version, architecture, epochSec } = options;
  const debian = debianNames[architecture];
  const name = `nectarcollector_${version}_${debian}.deb`;
  const tree = join(folder, "debian-tree");
  const place = (path: string): string => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    return join(tree, path);
  };
  try {
    copyFileSync(executable, place(packagedExecutablePath));
    chmodSync(join(tree, packagedExecutablePath), 0o755);
    for (const { packagedPath, text } of systemFiles(packagedExecutablePath)) {
      writeFileSync(place(packagedPath), text);
    }
    for (const [script, text] of Object.entries(scripts)) {
      writeFileSync(place(`/DEBIAN/${script}`), text, { mode: 0o755 });
    }
    writeFileSync(
      place("/DEBIAN/control"),
      `Package: nectarcollector
Version: ${version}
Architecture: ${debian}
Maintainer: NectarCollector maintainers <maintainers@example.org>
Depends: libc6 (>= 2.27), systemd, passwd, util-linux
Section: net
Priority: optional
Description: captures call records of 911 centres
 Reads serial ports, keeps each record on the disk, and delivers it in order
 and exactly once to NATS JetStream.
`,
    );
    await runTool("chmod", ["--recursive", "u=rwX,go=rX", tree]);
    await runTool("find", [
      tree,
      "-exec",
      "touch",
      "--no-dereference",
      `--date=@${epochSec}`,
      "{}",
      "+",
    ]);
    await runTool("env", [
      `SOURCE_DATE_EPOCH=${epochSec}`,
      "dpkg-deb",
      "--build",
      "--root-owner-group",
      "-Zgzip",
      tree,
      join(folder, name),
    ]);
    return name;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}
