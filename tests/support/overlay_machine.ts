// A copy of this machine that can be ruined: its files lie over ours, and what is written goes into
// memory. Programs run in it as root, without a network of their own. What has changed can be told.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  #before: ReadonlySet<string> = new Set();

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

  /** From now on changes are told. */
  settle(): void {
    this.#before = new Set(this.#files());
  }

  /** Files and links that were written, and not removed again, since it was settled. */
  changes(): string[] {
    return this.#files().filter((name) => !this.#before.has(name));
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

  #files(): string[] {
    const entries = readdirSync(this.#changes, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#changes.length)).sort();
  }
}

function run(command: string, args: readonly string[]): void {
  const { success, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
  if (success) return;
  throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
