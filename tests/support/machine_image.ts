// The disk that virtual machines start from: Debian with systemd, a shell for the host on the virtio
// console, and nothing of ours. Made once by mmdebstrap and kept in the cache, in a folder named for
// what it is made of; machines never write to it. The packages come from DEBIAN_MIRROR, or from where
// mmdebstrap takes them by itself.

import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { shellGreeting } from "./guest_shell.ts";
import { program, type Requirement, root } from "./requirements.ts";
import { runProgram } from "./run_program.ts";

/** What building an image needs of the machine. */
export const machineImageNeeds: readonly Requirement[] = [
  root,
  program("mmdebstrap"),
  program("mke2fs"),
];

/** Where the folder is that a machine was given: see `VirtualMachineOptions.files`. */
export const guestFiles = "/media/host";

export interface MachineImage {
  readonly kernel: string;
  readonly initrd: string;
  /** A raw disk that holds one ext4 file system. */
  readonly disk: string;
}

/** What a machine has beyond a Debian that only starts. */
export interface ImageAdditions {
  readonly packages: readonly string[];
  /** Their texts, by path without the slash at its beginning. */
  readonly files: Readonly<Record<string, string>>;
  /** Where symbolic links lead to, by path. */
  readonly links: Readonly<Record<string, string>>;
}

interface Recipe extends ImageAdditions {
  readonly suite: string;
  readonly diskSize: string;
  readonly masked: readonly string[];
}

/** The cloud kernel is the smallest one with 8250 ports; it has no 9p to share folders by. */
const bareRecipe: Recipe = {
  suite: "bookworm",
  packages: ["systemd", "systemd-sysv", "udev", "dbus", "linux-image-cloud-amd64"],
  diskSize: "3G",
  /** Slow to emulate, and of no use to a machine that lives for minutes. */
  masked: ["e2scrub_reap.service", "getty@tty1.service", "apt-daily.timer"],
  files: {
    "etc/hostname": "nectarbox\n",
    "etc/fstab": `/dev/vda / ext4 defaults,errors=remount-ro 0 1
/dev/vdb ${guestFiles} ext4 ro,nofail 0 0
`,
    // A shell that reads from a terminal would prompt and echo: `cat` stands in between.
    "etc/systemd/system/host-shell.service": `[Unit]
Description=A root shell for the host
StartLimitIntervalSec=0
After=multi-user.target

[Service]
TTYPath=/dev/hvc0
StandardInput=tty
StandardOutput=tty
StandardError=tty
ExecStart=/bin/bash -c 'stty raw -echo && echo "${shellGreeting}" && cat | bash'
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`,
  },
  links: {
    "etc/systemd/system/multi-user.target.wants/host-shell.service": "../host-shell.service",
  },
};

/**
 * The image, from the cache or made now, which takes a minute or two and 600 MB there.
 * @throws {Error} with what the program that failed said
 */
export async function findMachineImage(
  report: (message: string) => void,
  additions?: ImageAdditions,
): Promise<MachineImage> {
  const recipe = additions === undefined ? bareRecipe : {
    ...bareRecipe,
    packages: [...bareRecipe.packages, ...additions.packages],
    files: { ...bareRecipe.files, ...additions.files },
    links: { ...bareRecipe.links, ...additions.links },
  };
  const made = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
  const home = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/root", ".cache");
  const folder = join(home, "nectarcollector", "virtual-machine", made);
  if (!existsSync(folder)) await build(recipe, folder, report);
  return {
    kernel: join(folder, "vmlinuz"),
    initrd: join(folder, "initrd.img"),
    disk: join(folder, "disk.ext4"),
  };
}

/** Others may build at the same time: each does it apart, and the first rename wins. */
async function build(
  recipe: Recipe,
  folder: string,
  report: (message: string) => void,
): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const temporary = mkdtempSync(join(dirname(folder), "building-"));
  try {
    const tree = join(temporary, "tree");
    const { suite, packages, diskSize } = recipe;
    const mirror = Deno.env.get("DEBIAN_MIRROR");
    report(`making a Debian image, once: ${suite} from ${mirror ?? "Debian's own mirror"}`);
    await runProgram("mmdebstrap", [
      "--mode=root",
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      `--aptopt=APT::Install-Recommends "false"`,
      suite,
      tree,
      ...mirror === undefined ? [] : [mirror],
    ], { report });
    furnish(tree, recipe);
    const finished = join(temporary, "finished");
    mkdirSync(finished);
    copyFileSync(bootFile(tree, "vmlinuz-"), join(finished, "vmlinuz"));
    copyFileSync(bootFile(tree, "initrd.img-"), join(finished, "initrd.img"));
    await makeDisk({ tree, disk: join(finished, "disk.ext4"), size: diskSize });
    try {
      renameSync(finished, folder);
    } catch (cause) {
      if (!existsSync(folder)) throw cause;
    }
    report(`the image is in ${folder}`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A disk with an ext4 file system that holds the files below `tree`. Needs no root. */
export async function makeDisk(options: {
  readonly tree: string;
  readonly disk: string;
  /** As mke2fs takes it, such as `3G`; what is not used takes no room. */
  readonly size: string;
}): Promise<void> {
  const { tree, disk, size } = options;
  await runProgram("mke2fs", ["-q", "-F", "-t", "ext4", "-d", tree, disk, size]);
}

function furnish(tree: string, recipe: Recipe): void {
  const links = {
    ...recipe.links,
    ...Object.fromEntries(
      recipe.masked.map((unit) => [`etc/systemd/system/${unit}`, "/dev/null"]),
    ),
  };
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    symlinkSync(target, join(tree, path));
  }
  for (const [path, text] of Object.entries(recipe.files)) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  mkdirSync(join(tree, guestFiles), { recursive: true });
}

function bootFile(tree: string, beginning: string): string {
  const folder = join(tree, "boot");
  const name = readdirSync(folder).find((entry) => entry.startsWith(beginning));
  if (name === undefined) throw new Error(`make an image: ${folder}: no ${beginning}…`);
  return join(folder, name);
}
