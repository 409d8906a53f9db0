// A real ext4 on a loop device that turns read-only by an error, is mended and mounted anew, freezes
// and thaws: what happens to disks, under whoever has files open there.
// `requires(...breakingDiskNeeds).test(…)`

import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { program, type Requirement, root } from "./requirements.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

const megabytes = 64;

export const breakingDiskNeeds: readonly Requirement[] = [
  root,
  ...["mount", "umount", "losetup", "mkfs.ext4", "e2fsck", "fsfreeze"].map(program),
];

/** `using disk = new BreakingDisk();` */
export class BreakingDisk implements Disposable {
  /** Where it is mounted. */
  readonly path: string;
  readonly #folder = new TemporaryFolder("breaking-disk");
  readonly #image: string;
  readonly #undo = new DisposableStack();
  #device = "";

  constructor() {
    this.#undo.use(this.#folder);
    this.#image = this.#folder.join("image");
    this.path = this.#folder.join("mounted");
    try {
      mkdirSync(this.path);
      writeFileSync(this.#image, "");
      truncateSync(this.#image, megabytes * 1024 * 1024);
      run("mkfs.ext4", "-q", "-F", this.#image);
      this.#mount(this.#image);
    } catch (error) {
      this.#undo.dispose();
      throw error;
    }
  }

  /** A path inside; nothing is created. */
  join(...parts: string[]): string {
    return [this.path, ...parts].join("/");
  }

  /** What an error in the file system's own data does: nothing can be written, mounted as it is. */
  failReadOnly(): void {
    writeFileSync(`/sys/fs/ext4/${basename(this.#device)}/trigger_fs_error`, "1");
  }

  /**
   * Puts a mended copy in its place, which is never empty meanwhile. Files that are open stay on the
   * one that failed.
   */
  mend(): void {
    const mended = `${this.#image}-mended`;
    run("cp", "--sparse=always", this.#image, mended);
    run("e2fsck", "-p", "-f", mended);
    this.#mount(mended);
  }

  /** Takes the file system away from its place, which becomes a mere folder. */
  unmount(): void {
    run("umount", "--lazy", this.path);
  }

  /** Brings it to its place, over whatever has gathered there meanwhile. */
  mount(): void {
    run("mount", this.#device, this.path);
  }

  /** Read-only is refused while files are open for writing. */
  remount(how: "ro" | "rw"): void {
    run("mount", "-o", `remount,${how}`, this.path);
  }

  /**
   * Makes a folder read-only for all that is done by name, until disposed of: files that are open for
   * writing stay so.
   */
  coverReadOnly(folder: string): Disposable {
    run("mount", "--bind", folder, folder);
    const cover = new DisposableStack();
    cover.defer(() => run("umount", "--lazy", folder));
    run("mount", "-o", "remount,bind,ro", folder);
    return cover;
  }

  /** Whoever writes waits until it thaws, when this is disposed of. */
  freeze(): Disposable {
    run("fsfreeze", "--freeze", this.path);
    const frozen = new DisposableStack();
    frozen.defer(() => run("fsfreeze", "--unfreeze", this.path));
    return frozen;
  }

  [Symbol.dispose](): void {
    this.#undo.dispose();
  }

  #mount(image: string): void {
    const device = run("losetup", "--find", "--show", image);
    // Also while it is in use: then it goes with its last user.
    this.#undo.defer(() => run("losetup", "--detach", device));
    run("mount", "-o", "errors=remount-ro", device, this.path);
    this.#device = device;
    this.#undo.defer(() => {
      if (isMounted(this.path)) run("umount", "--lazy", this.path);
    });
  }
}

function isMounted(path: string): boolean {
  return Deno.readTextFileSync("/proc/self/mounts").split("\n")
    .some((line) => line.split(" ")[1] === path);
}

/** What it prints. @throws {Error} with what it says when it fails */
function run(command: string, ...args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command(command, { args }).outputSync();
  const mended = command === "e2fsck" && code === 1;
  if (code === 0 || mended) return new TextDecoder().decode(stdout).trim();
  throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
