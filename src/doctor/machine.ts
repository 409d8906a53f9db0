// The machine that is examined, as far as whoever asks may see it. Nothing is opened but plain files.

import type { Disk } from "../platform/disk.ts";
import type { Clock } from "../platform/clock.ts";
import type { KernelTime } from "../platform/kernel_clock.ts";
import { type Libc, O_RDONLY, type Ownership } from "../platform/libc.ts";
import { SystemError } from "../platform/system_error.ts";
import { visible } from "../source/serial/device_holder.ts";
import { Target } from "../install/target.ts";

/** Files below /proc, /etc and /sys that are read whole. */
const longestText = 256 * 1024;

export interface MachineOptions {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly disk: Pick<Disk, "space">;
  /** What the kernel knows of its clock; `null` where it does not tell. */
  readonly kernelTime: () => KernelTime | null;
  /** Where its files are. @default {""} */
  readonly root?: string;
  /** Whether whoever looks sees everything. @default {whether this is root} */
  readonly seesAll?: boolean;
}

export class Machine {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly disk: Pick<Disk, "space">;
  readonly kernelTime: () => KernelTime | null;
  /** Its files and users. */
  readonly target: Target;
  readonly seesAll: boolean;

  constructor(options: MachineOptions) {
    const { libc, clock, disk, kernelTime, root = "", seesAll = Deno.uid() === 0 } = options;
    this.libc = libc;
    this.clock = clock;
    this.disk = disk;
    this.kernelTime = kernelTime;
    this.target = new Target(root);
    this.seesAll = seesAll;
  }

  path(absolute: string): string {
    return this.target.path(absolute);
  }

  /** Where a path leads to, on the machine that looks; `null` where nothing is, or nothing is seen. */
  realPath(absolute: string): string | null {
    return visible(() => this.libc.realPath(this.path(absolute))) ?? null;
  }

  /** What a file holds; `null` where there is none, or it may not be read. */
  text(absolute: string): string | null {
    return visible(() => this.libc.readText(this.path(absolute), longestText)) ?? null;
  }

  /** Names in a folder; none where there is no such folder, or it may not be read. */
  list(absolute: string): string[] {
    return visible(() => this.libc.list(this.path(absolute)).sort()) ?? [];
  }

  /** What a link says; `null` where there is none. */
  link(absolute: string): string | null {
    return visible(() => this.libc.readLink(this.path(absolute))) ?? null;
  }

  /** `null` where nothing is, or nothing is seen. */
  ownership(absolute: string): Ownership | null {
    return visible(() => this.libc.ownershipOf(this.path(absolute))) ?? null;
  }

  /** There is such a file, and whoever looks may not read it. */
  hides(absolute: string): boolean {
    try {
      this.libc.close(this.libc.open(this.path(absolute), O_RDONLY));
      return false;
    } catch (error) {
      if (error instanceof SystemError) return error.code === "EACCES";
      throw error;
    }
  }

  /** Numbers of the processes of this name. */
  processes(name: string): number[] {
    return this.list("/proc").filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => this.text(`/proc/${pid}/comm`)?.trim() === name).map(Number);
  }
}
