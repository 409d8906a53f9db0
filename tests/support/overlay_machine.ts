// A copy of this machine that can be ruined: its files lie over ours, and what is written goes into
// memory. Programs run in it as root, without a network of their own. What has changed can be told.

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { MemoryFileSystem } from "./memory_file_system.ts";
import { program, type Requirement, root } from "./requirements.ts";

export const overlayMachineNeeds: readonly Requirement[] = [
  root,
  program("mount"),
  program("chroot"),
  program("systemd-sysusers"),
];

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `using machine = new OverlayMachine();` */
export class OverlayMachine implements Disposable {
  /** Below this the machine's files are. */
  readonly root: string;
  readonly #memory: MemoryFileSystem;
  readonly #changes: string;
  readonly #undo = new DisposableStack();
  #before: ReadonlyMap<string, string> = new Map();

  constructor({ megabytes = 64 } = {}) {
    this.#memory = this.#undo.use(new MemoryFileSystem({ megabytes }));
    this.#changes = this.#memory.join("changes");
    this.root = this.#memory.join("machine");
    const work = this.#memory.join("work");
    for (const folder of [this.#changes, this.root, work]) mkdirSync(folder);
    try {
      const layers = `lowerdir=/,upperdir=${this.#changes},workdir=${work}`;
      this.#mount(["-t", "overlay", "overlay", "-o", layers], "");
      this.#mount(["-t", "proc", "proc"], "proc");
      this.#mount(["--rbind", "/dev"], "dev");
      // What is unmounted here later must not be unmounted from under everybody.
      run("mount", ["--make-rslave", join(this.root, "dev")]);
      mkdirSync(this.path("/run/systemd/system"), { recursive: true });
      this.put("/usr/bin/systemctl", "#!/bin/sh\nexit 0\n");
      // Of the machine that this one lies over.
      for (const folder of ["/etc/nectarcollector", "/var/log/nectarcollector"]) {
        rmSync(this.path(folder), { recursive: true, force: true });
      }
      this.settle();
    } catch (error) {
      this.#undo.dispose();
      throw error;
    }
  }

  path(absolute: string): string {
    return join(this.root, absolute);
  }

  /** A file of the machine, one that can be run. */
  put(path: string, content: string | Uint8Array): void {
    mkdirSync(join(this.path(path), ".."), { recursive: true });
    rmSync(this.path(path), { force: true });
    writeFileSync(this.path(path), content, { mode: 0o755 });
  }

  /** Leaves so much room on it. */
  leave(bytes: number): void {
    this.#memory.fillTo(bytes);
  }

  /** A file system of its own, in memory, gone with the machine. */
  mountMemory(where: string, options: string): void {
    this.#mount(["-t", "tmpfs", "-o", options, "tmpfs"], where);
  }

  /** From now on changes are told. */
  settle(): void {
    this.#before = this.#written();
  }

  /** What is not as it was when it was settled: files, links and folders, with owner and mode. */
  changes(): string[] {
    const now = this.#written();
    const all = new Set([...this.#before.keys(), ...now.keys()]);
    return [...all].filter((name) =>
      (now.get(name) ?? described(name)) !== (this.#before.get(name) ?? described(name))
    ).sort();
  }

  /** Runs a program to its end; `environment` is all that it gets. */
  async run(
    args: readonly string[],
    { environment = {}, input, user }: {
      readonly environment?: Readonly<Record<string, string>>;
      readonly input?: string;
      readonly user?: string;
    } = {},
  ): Promise<Ended> {
    const child = new Deno.Command("chroot", {
      args: [...user === undefined ? [] : [`--userspec=${user}`], this.root, ...args],
      clearEnv: true,
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...environment },
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (input !== undefined) {
      await ReadableStream.from([new TextEncoder().encode(input)]).pipeTo(child.stdin);
    }
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  }

  [Symbol.dispose](): void {
    this.#undo.dispose();
  }

  #mount(args: readonly string[], where: string): void {
    const place = join(this.root, where);
    run("mount", [...args, place]);
    this.#undo.defer(() => run("umount", ["--lazy", place]));
  }

  /** All that lies over our files, by name. */
  #written(): Map<string, string> {
    const names = readdirSync(this.#changes, { recursive: true, encoding: "utf8" });
    return new Map(names.map((name) => [`/${name}`, described(join(this.#changes, name))]));
  }
}

/** What it is, and what it holds. */
function described(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "nothing";
  const content = stat.isSymbolicLink()
    ? readlinkSync(path)
    : stat.isFile()
    ? crc32(readFileSync(path))
    : "";
  // The overlay's mark for what was removed.
  if (stat.isCharacterDevice() && stat.rdev === 0) return "nothing";
  return `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${content}`;
}

function run(command: string, args: readonly string[]): void {
  const { success, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
  if (success) return;
  throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
