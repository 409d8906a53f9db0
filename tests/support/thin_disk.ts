// A thinly provisioned disk: ext4 on an image with holes, whose blocks come out of a store that can run
// out. The file system has free space then, takes every write, and fails when it is to sync.

import { mkdirSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import type { MemoryFileSystem } from "./memory_file_system.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

const megabytes = 256;

/** `using disk = new ThinDisk(store);` */
export class ThinDisk implements Disposable {
  readonly #folder = new TemporaryFolder("thin-disk");
  readonly #undo = new DisposableStack();
  readonly #path: string;

  constructor(store: MemoryFileSystem) {
    this.#undo.use(this.#folder);
    this.#path = this.#folder.join("mounted");
    const image = store.join("thin-image");
    try {
      mkdirSync(this.#path);
      writeFileSync(image, "");
      truncateSync(image, megabytes * 1024 * 1024);
      // Without a journal, which would end all writing at its first error.
      run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-e", "continue", image);
      const device = run("losetup", "--find", "--show", image);
      this.#undo.defer(() => run("losetup", "--detach", device));
      run("mount", device, this.#path);
      this.#undo.defer(() => run("umount", "--lazy", this.#path));
    } catch (error) {
      this.#undo.dispose();
      throw error;
    }
  }

  /** A path inside; nothing is created. */
  join(...parts: string[]): string {
    return [this.#path, ...parts].join("/");
  }

  /** What the file system believes. */
  get freeBytes(): number {
    const { bsize, bavail } = statfsSync(this.#path);
    return bsize * bavail;
  }

  [Symbol.dispose](): void {
    this.#undo.dispose();
  }
}

function run(command: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args }).outputSync();
  if (success) return new TextDecoder().decode(stdout).trim();
  throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
