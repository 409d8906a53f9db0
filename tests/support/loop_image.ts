// A real file system in a file, so that a power cut can be had for real: the file is copied as it
// stands at some moment, and the copy is mounted, which replays the file system's own journal. What
// was synced is in the file by then: the loop device hands syncs on to it.

import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { program, type Requirement, root } from "./requirements.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

interface FileSystem {
  readonly name: string;
  /** Small, so that a copy is nearly a moment. */
  readonly bytes: number;
  readonly make: readonly [string, ...string[]];
}

const known: readonly FileSystem[] = [
  { name: "ext4", bytes: 16 * 1024 * 1024, make: ["mkfs.ext4", "-q", "-F"] },
  { name: "xfs", bytes: 300 * 1024 * 1024, make: ["mkfs.xfs", "-q", "-f"] },
];

/** What the tests need of the machine. ext4 must be there; others are used where they are. */
export const loopImageNeeds: readonly Requirement[] = [
  root,
  program("mount"),
  program("cp"),
  program("mkfs.ext4"),
];

/** The file systems that this machine can make and mount. */
export function availableFileSystems(): string[] {
  return known.filter(({ name, make: [command] }) => {
    if (!program(command).isMet()) return false;
    try {
      using _image = LoopImage.make(name);
      return true;
    } catch (error) {
      if (error instanceof CommandError) return false;
      throw error;
    }
  }).map(({ name }) => name);
}

class CommandError extends Error {
  override readonly name = "CommandError";
}

function run(...[command, ...args]: readonly [string, ...string[]]): void {
  const { success, stderr } = new Deno.Command(command, { args }).outputSync();
  if (success) return;
  throw new CommandError(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** `using image = LoopImage.make("ext4");` */
export class LoopImage implements Disposable {
  /** Where the file system is mounted. */
  readonly path: string;
  readonly #folder: TemporaryFolder;
  readonly #image: string;
  #mounted = false;

  private constructor(fill: (image: string) => void) {
    this.#folder = new TemporaryFolder("loop-image");
    this.#image = this.#folder.join("image");
    this.path = this.#folder.join("mounted");
    mkdirSync(this.path);
    try {
      fill(this.#image);
      this.#mount();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** An empty file system, mounted. */
  static make(fileSystem: string): LoopImage {
    const found = known.find(({ name }) => name === fileSystem);
    if (found === undefined) throw new TypeError(`unknown file system: ${fileSystem}`);
    return new LoopImage((image) => {
      writeFileSync(image, "");
      truncateSync(image, found.bytes);
      run(...found.make, image);
    });
  }

  /** What a power cut now would leave, mounted. */
  cut(): LoopImage {
    return new LoopImage((image) => run("cp", "--sparse=auto", this.#image, image));
  }

  /** The same, while whatever runs goes on: the copy is not of one moment. */
  async cutSlowly(): Promise<LoopImage> {
    using folder = new TemporaryFolder("loop-copy");
    const copy = folder.join("image");
    const args = ["--sparse=auto", this.#image, copy];
    const { success } = await new Deno.Command("cp", { args }).output();
    if (!success) throw new CommandError(`cp ${args.join(" ")}`);
    return new LoopImage((image) => run("mv", copy, image));
  }

  [Symbol.dispose](): void {
    try {
      if (this.#mounted) this.#unmount();
    } finally {
      // Never while it is mounted: that would empty the image, and hide that it still is.
      if (!this.#mounted) this.#folder[Symbol.dispose]();
    }
  }

  #mount(): void {
    // The loop device goes with the mount: `mount` asks the kernel to clear it.
    run("mount", "-o", "loop", this.#image, this.path);
    this.#mounted = true;
  }

  #unmount(): void {
    try {
      run("umount", this.path);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // Something is still open in it.
      run("umount", "--lazy", this.path);
      this.#mounted = false;
      rmSync(this.#image);
      throw error;
    }
    this.#mounted = false;
  }
}
